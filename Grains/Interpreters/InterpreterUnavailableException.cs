namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>No interpreter could be started. The message names cause and remedy and holds no tenant's data.</summary>
public sealed class InterpreterUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public InterpreterUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

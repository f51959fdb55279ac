namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>Why an execution is interrupted before its end.</summary>
[GenerateSerializer, Alias("InterruptCause")]
public enum InterruptCause
{
    /// <summary>Its timeout passed.</summary>
    DeadlinePassed = 0,

    /// <summary>A client asked for it.</summary>
    Requested = 1,

    /// <summary>The client that waited for the answer is gone.</summary>
    ClientGone = 2,

    /// <summary>The silo is shutting down.</summary>
    ShuttingDown = 3,
}

/// <summary>Causes in words.</summary>
public static class InterruptCauseText
{
    /// <summary>A clause for an error message.</summary>
    public static string Describe(this InterruptCause cause) => cause switch
    {
        InterruptCause.DeadlinePassed => "its time was over",
        InterruptCause.Requested => "a client asked for it",
        InterruptCause.ClientGone => "the client that waited for it is gone",
        InterruptCause.ShuttingDown => "its silo is shutting down",
        _ => throw new ArgumentOutOfRangeException(nameof(cause), cause, null),
    };
}

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>
/// The files of one context, in which its interpreters work one after the other, and the limits on what they use together.
/// Outlives them. Disposing it ends what runs in it and removes the files.
/// </summary>
public interface IHome : IAsyncDisposable
{
    /// <summary>Completes, and never faults, when it is gone.</summary>
    Task Ended { get; }

    /// <summary>Hands out a fresh interpreter that works here; the caller owns it. One at a time.</summary>
    /// <exception cref="InterpreterUnavailableException">None could be started within the configured time.</exception>
    Task<IInterpreter> StartInterpreterAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A connection for one operation on the files here, with or without an interpreter, as <c>drivers/PROTOCOL.md</c> has it;
    /// the caller owns it.
    /// </summary>
    /// <exception cref="InterpreterUnavailableException">There is nobody to serve it.</exception>
    Task<Stream> ConnectFilesAsync(CancellationToken cancellationToken);
}

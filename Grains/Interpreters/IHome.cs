using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>
/// The files of one context, in which its interpreters work one after the other, and the limits on what they use together.
/// Outlives them. Disposing it ends what runs in it and removes the files.
/// </summary>
public interface IHome : IAsyncDisposable
{
    /// <summary>Of every interpreter that works here.</summary>
    Language Language { get; }

    /// <summary>Completes, and never faults, when it is gone.</summary>
    Task Ended { get; }

    /// <summary>Hands out an interpreter that works here; the caller owns it. One at a time.</summary>
    /// <param name="checkpoint">The session and the files to begin with, in a home that is empty yet; null: no session.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="InterpreterUnavailableException">None could be started within the configured time.</exception>
    /// <exception cref="RestoreRefusedException">The checkpoint is none for it. The home may hold some of its files, and is of no use any more.</exception>
    Task<IInterpreter> StartInterpreterAsync(Checkpoint? checkpoint, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the session of the interpreter that works here, and the files, to a stream. Null when it gives none now: it runs
    /// code, or has not started yet. What is written is no checkpoint when this throws, or when code ran meanwhile.
    /// </summary>
    /// <exception cref="Protocol.ProtocolException">What came is no whole checkpoint.</exception>
    Task<CheckpointTrailer?> SaveAsync(Stream destination, long maxBytes, CancellationToken cancellationToken);

    /// <summary>
    /// A connection for one operation on the files here, with or without an interpreter, as <c>drivers/PROTOCOL.md</c> has it;
    /// the caller owns it.
    /// </summary>
    /// <exception cref="InterpreterUnavailableException">There is nobody to serve it.</exception>
    Task<Stream> ConnectFilesAsync(CancellationToken cancellationToken);
}

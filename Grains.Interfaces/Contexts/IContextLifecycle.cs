using Orleans.Concurrency;

namespace Sandbox.Cluster.Grains.Interfaces.Contexts;

/// <summary>The life of a context as a whole. The same grain as <see cref="IContextGrain"/>.</summary>
[Alias("contextLifecycle")]
public interface IContextLifecycle : IGrainWithStringKey
{
    /// <summary>Interrupts the execution that runs; without effect when none does. What waits goes on waiting.</summary>
    [Alias("interruptRunning"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task<LifecycleReply> InterruptRunning(CancellationToken cancellationToken);

    /// <summary>Ends the interpreter, whatever it runs, and starts another among the same files: state goes, files stay.</summary>
    [Alias("restart"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<LifecycleReply> Restart(CancellationToken cancellationToken);

    /// <summary>Ends the interpreter and removes files, checkpoints and the record. What waits is interrupted.</summary>
    [Alias("delete"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<LifecycleReply> Delete(CancellationToken cancellationToken);
}

/// <summary>What became of it.</summary>
[GenerateSerializer, Alias("LifecycleReply")]
public enum LifecycleReply
{
    /// <summary>It is done, or under way in the case of an interrupt.</summary>
    Done = 0,

    /// <summary>There is no such context.</summary>
    NoSuchContext = 1,

    /// <summary>Not now: the silo shuts down, or storage or an interpreter is not to be had. Nothing is lost.</summary>
    Unavailable = 2,
}

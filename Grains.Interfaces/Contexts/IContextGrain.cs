using Orleans.Concurrency;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Interfaces.Contexts;

/// <summary>
/// A context: one persistent session of one tenant, and the owner of its interpreter process. The key is a
/// <see cref="ContextKey"/>. Executions run one at a time, first come first served; the calls themselves interleave, and
/// none of them takes longer than a few seconds: a silo that dies does not fail the calls it was answering.
/// </summary>
[Alias("context")]
public interface IContextGrain : IGrainWithStringKey
{
    /// <summary>
    /// Runs code, creating the context when there is none. Answers with the result when it is there within about two
    /// seconds, and otherwise with <see cref="ExecutionPending"/>: the caller then goes on with <see cref="Follow"/>.
    /// A cancelled call interrupts its execution.
    /// </summary>
    [Alias("execute"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<ExecutionReply> Execute(ExecuteCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Waits about two seconds for an execution that was answered with <see cref="ExecutionPending"/>. A follower has five
    /// seconds to call again; when it does not, it is taken to be gone and the execution is interrupted.
    /// A result that is here is handed out at once, as often as it is asked for while it is kept.
    /// </summary>
    [Alias("follow"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<ExecutionReply> Follow(string executionId, CancellationToken cancellationToken);

    /// <summary>
    /// Interrupts an execution, or takes it out of the queue. Without effect when it has ended or never was. Returns as
    /// soon as the interrupt is under way.
    /// </summary>
    [Alias("interrupt"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task Interrupt(string executionId, InterruptCause cause, CancellationToken cancellationToken);

    /// <summary>
    /// What the context is and does; null when it was never created. Ask <see cref="IContextReaderGrain"/>, which does not
    /// activate one that is hibernated.
    /// </summary>
    [Alias("describe"), AlwaysInterleave, ResponseTimeout("00:00:03")]
    Task<ContextDescription?> Describe(CancellationToken cancellationToken);
}

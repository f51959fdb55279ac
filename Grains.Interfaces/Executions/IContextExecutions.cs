using Orleans.Concurrency;

namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>The events of a context's executions, by the same grain and under the same key as the context itself.</summary>
[Alias("contextExecutions")]
public interface IContextExecutions : IGrainWithStringKey
{
    /// <summary>
    /// What is known of an execution now: its end, <see cref="ExecutionPending"/>, or <see cref="ExecutionUnknown"/>. The last 64
    /// are known for an hour, as long as this activation lives and their output is no more than it keeps.
    /// </summary>
    [Alias("find"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<ExecutionReply> Find(string executionId, CancellationToken cancellationToken);

    /// <summary>
    /// The events after the one named; waits about two seconds for the first of them. At most 256 events, and 256 KiB unless
    /// one alone is larger. Null: this activation knows no such execution.
    /// </summary>
    /// <param name="executionId">The execution.</param>
    /// <param name="after">The sequence of the last event that is known; 0 for none.</param>
    /// <param name="isItsClient">
    /// Whether the caller is who sent the code with <see cref="Delivery.Events"/>: it has five seconds to call again, and a
    /// cancelled call interrupts the execution.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [Alias("events"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<EventPage?> Events(string executionId, long after, bool isItsClient, CancellationToken cancellationToken);

    /// <summary>The client of an execution is there, and busy with what it has: its five seconds begin anew.</summary>
    [Alias("renew"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task Renew(string executionId, CancellationToken cancellationToken);
}

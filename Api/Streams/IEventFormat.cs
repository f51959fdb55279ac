using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Streams;

/// <summary>How the events of one execution are written to one client.</summary>
internal interface IEventFormat
{
    /// <summary>Writes what the context tells.</summary>
    void Write(ServerSentEvents stream, string contextId, string executionId, ExecutionEvent happened);

    /// <summary>Writes the end of an execution whose context tells nothing more.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="contextId">The context.</param>
    /// <param name="after">The sequence number of the last event.</param>
    /// <param name="error">What became of it.</param>
    void WriteEnd(ServerSentEvents stream, string contextId, long after, ExecutionError error);
}

namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>How the client of an execution gets what it leaves.</summary>
[GenerateSerializer, Alias("Delivery")]
public enum Delivery
{
    /// <summary>Whole, by waiting for its end.</summary>
    Answer = 0,

    /// <summary>As events while it runs: <see cref="IContextExecutions.Events"/>.</summary>
    Events = 1,

    /// <summary>Later, if at all: it goes on with no client, and what it leaves is kept for whoever asks.</summary>
    Later = 2,
}

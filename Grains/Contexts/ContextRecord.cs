using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// What is kept of a context while no silo holds it. Written only when the line of its state begins or breaks, never for an
/// execution.
/// </summary>
[GenerateSerializer, Alias("ContextRecord")]
internal sealed record ContextRecord
{
    /// <summary>The name of the grain storage that keeps the records.</summary>
    public const string Storage = "contexts";

    [Id(0)]
    public Language Language { get; init; }

    [Id(1)]
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>1, and one more whenever the line of the state was broken.</summary>
    [Id(2)]
    public int Incarnation { get; init; } = 1;

    /// <summary>
    /// One more for every interpreter that ran code for this context. The etag'd write of it comes before the first code,
    /// so of two activations of one context only one gets to run any.
    /// </summary>
    [Id(3)]
    public long Epoch { get; init; }

    /// <summary>
    /// False from before an interpreter runs its first code until nothing of its state can be lost any more. Found false
    /// where no interpreter is, it means that state was lost.
    /// </summary>
    [Id(4)]
    public bool Clean { get; init; } = true;

    /// <summary>State was lost, and the answer that says so has not been handed to anybody yet.</summary>
    [Id(5)]
    public bool LossUntold { get; init; }

    /// <summary>When the last execution began that was known when this was written; null: none was.</summary>
    [Id(20)]
    public DateTimeOffset? LastUsedAt { get; init; }
}

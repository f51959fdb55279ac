using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// What is kept of a context while no silo holds it. Written when the line of its state begins or breaks, for a checkpoint, and
/// for the first execution after one; never for the others.
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
    /// False from before code runs until what it left is in <see cref="Checkpoint"/>. Found false where no interpreter is, it
    /// means that state was lost, or is only as good as the last checkpoint. True without a checkpoint: there is no state.
    /// </summary>
    [Id(4)]
    public bool Clean { get; init; } = true;

    /// <summary>What happened to the state that nobody has been told of yet.</summary>
    [Id(5)]
    public Breach Untold { get; init; }

    /// <summary>The last checkpoint; null where there is none.</summary>
    [Id(6)]
    public CheckpointReference? Checkpoint { get; init; }

    /// <summary>
    /// The activation that took the last <see cref="Epoch"/>: so that one whose write had no answer can tell whether it was done.
    /// </summary>
    [Id(7)]
    public Guid Owner { get; init; }

    /// <summary>The execution that the state was last rolled back to.</summary>
    [Id(8)]
    public int RolledBackTo { get; init; }

    /// <summary>Whether an interpreter has it, or had it when its silo died.</summary>
    [Id(9)]
    public bool Awake { get; init; }

    /// <summary>The last use that was known when this was written; null: there was none.</summary>
    [Id(20)]
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>What was asked for when it was made on purpose; null when an execution made it.</summary>
    [Id(21)]
    public ContextSettings? Settings { get; init; }

    /// <summary>When the line of the state was last broken; null: never.</summary>
    [Id(22)]
    public DateTimeOffset? BrokenAt { get; init; }
}

/// <summary>How the line of a state was broken.</summary>
[GenerateSerializer, Alias("ContextBreach")]
internal enum Breach
{
    /// <summary>It was not, or that was told.</summary>
    None = 0,

    /// <summary>The state is gone.</summary>
    Loss = 1,

    /// <summary>It is an older one, of the last checkpoint.</summary>
    RollBack = 2,
}

namespace Sandbox.Cluster.Grains.Interfaces.Contexts;

/// <summary>What can be said of a context without waking it.</summary>
/// <param name="ContextId">Its id within its tenant.</param>
/// <param name="Language">Its language.</param>
/// <param name="Directory">Where its code starts.</param>
/// <param name="Activity">What it is doing.</param>
/// <param name="Incarnation">1, and one more whenever the line of its state was broken.</param>
/// <param name="ExecutionCount">Executions since its state began.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="LastUsedAt">When it was used last: an execution began or ended, files or the session were asked for.</param>
/// <param name="Metadata">What its tenant gave it for a description; null for nothing.</param>
/// <param name="ExpiresAt">When it is removed if nobody uses it until then; null: never.</param>
[GenerateSerializer, Immutable, Alias("ContextDescription")]
public sealed record ContextDescription(
    [property: Id(0)] string ContextId,
    [property: Id(1)] Language Language,
    [property: Id(2)] string Directory,
    [property: Id(3)] ContextActivity Activity,
    [property: Id(4)] int Incarnation,
    [property: Id(5)] int ExecutionCount,
    [property: Id(6)] DateTimeOffset CreatedAt,
    [property: Id(7)] DateTimeOffset LastUsedAt,
    [property: Id(8)] Dictionary<string, string>? Metadata = null,
    [property: Id(9)] DateTimeOffset? ExpiresAt = null)
{
    /// <summary>Without what a tenant wrote.</summary>
    public override string ToString() => $"{nameof(ContextDescription)} {Activity}";
}

/// <summary>What a context is doing.</summary>
[GenerateSerializer, Alias("ContextActivity")]
public enum ContextActivity
{
    /// <summary>It has an interpreter, which waits.</summary>
    Idle = 0,

    /// <summary>An execution runs, or is about to.</summary>
    Running = 1,

    /// <summary>It has no interpreter.</summary>
    Hibernated = 2,
}

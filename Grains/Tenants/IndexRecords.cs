namespace Sandbox.Cluster.Grains.Tenants;

/// <summary>How the ids are shared out among shards; kept as JSON. No record: one shard, number 0, has them all.</summary>
internal sealed record IndexRecord
{
    /// <summary>In the order of their ids; the first begins at the empty string.</summary>
    public IReadOnlyList<ShardRange> Shards { get; init; } = [new ShardRange("", 0)];

    /// <summary>The number of the next new shard; none is used twice.</summary>
    public int NextNumber { get; init; } = 1;
}

/// <summary>A shard holds the ids from <paramref name="From"/> up to where the next one begins.</summary>
/// <param name="From">The least id that belongs to it.</param>
/// <param name="Number">Part of its record's name.</param>
internal sealed record ShardRange(string From, int Number);

/// <summary>A shard's ids; kept as JSON. May hold some that belong to another by now: those do not count.</summary>
internal sealed record ShardRecord
{
    public IReadOnlyList<IndexedContext> Contexts { get; init; } = [];
}

/// <summary>An id in the index.</summary>
/// <param name="Id">The context's.</param>
/// <param name="ReservedAt">Null once it is known that the context exists.</param>
internal sealed record IndexedContext(string Id, DateTimeOffset? ReservedAt);

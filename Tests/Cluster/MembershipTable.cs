using System.Text.Json;
using Sandbox.Cluster.Tests.Support;
using StackExchange.Redis;

namespace Sandbox.Cluster.Tests.Cluster;

/// <summary>What a cluster that <c>deploy/cluster.sh</c> runs says of its silos, in Redis, as Orleans' provider writes it.</summary>
internal sealed class MembershipTable : IAsyncDisposable
{
    // The ids that the script gives a cluster.
    private static readonly RedisKey Key = "sandbox-cluster/members/local";

    private readonly ConnectionMultiplexer _redis;

    private MembershipTable(ConnectionMultiplexer redis) => _redis = redis;

    public static async Task<MembershipTable> OpenAsync(ClusterProcess cluster) => new(await ConnectionMultiplexer.ConnectAsync(cluster.RedisAddress));

    /// <summary>Of each silo that ever was in it.</summary>
    public async Task<IReadOnlyList<SiloStatus>> ReadAsync()
    {
        var rows = await _redis.GetDatabase().HashGetAllAsync(Key);
        return [.. rows.Where(row => row.Name != "Version").Select(row => StatusOf((string)row.Value!))];
    }

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    private static SiloStatus StatusOf(string row)
    {
        using var entry = JsonDocument.Parse(row);
        return (SiloStatus)entry.RootElement.GetProperty("Status").GetInt32();
    }
}

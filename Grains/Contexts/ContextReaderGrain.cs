using Orleans.Concurrency;
using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Retention;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>Reads records, and asks the contexts whose records say that an interpreter has them. Updates nothing.</summary>
[StatelessWorker, Reentrant]
internal sealed class ContextReaderGrain(ContextRecords records, ContextExpiry expiry) : Grain, IContextReaderGrain
{
    public async Task<IReadOnlyList<ContextDescription?>> Describe(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keys.Count, IContextReaderGrain.MaxContexts);
        return await Task.WhenAll(keys.Select(key => DescribeAsync(key, cancellationToken)));
    }

    private async Task<ContextDescription?> DescribeAsync(string key, CancellationToken cancellationToken)
    {
        var contextKey = ContextKey.Parse(key);
        if (await records.ReadAsync(contextKey) is not { } record)
            return null;
        // Who is past its time is gone, whoever has to clear it away.
        var asleep = expiry.IsOver(record) ? null : ContextRecords.Describe(record, contextKey.ContextId, expiry.Of(record));
        if (!record.Awake)
            return asleep;
        try
        {
            return await GrainFactory.GetGrain<IContextGrain>(key).Describe(cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or ClusterFullException)
        {
            // Its silo is gone, and nobody can have the context at the moment.
            return asleep;
        }
    }
}

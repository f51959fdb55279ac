using Orleans.Concurrency;

namespace Sandbox.Cluster.Grains.Retention;

/// <summary>What the tenant's index asks of contexts that may be past their time. The same grain as <c>IContextGrain</c>.</summary>
[Alias("contextRetention")]
internal interface IContextRetention : IGrainWithStringKey
{
    /// <summary>Removes the context if its time is over. When that will be; null: it is gone. Starts no interpreter.</summary>
    [Alias("expire"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<DateTimeOffset?> Expire(CancellationToken cancellationToken);
}

using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Grains.Tenants;

namespace Sandbox.Cluster.Api.Limits;

/// <summary>
/// What each tenant has under way at this Api. Another Api counts for itself: asking somebody for every request would cost
/// more than most of them do.
/// </summary>
internal sealed class TenantLimits : IDisposable
{
    private readonly QuotaOptions _quotas;
    private readonly PartitionedRateLimiter<Tenant> _requests;
    private readonly PartitionedRateLimiter<Tenant> _executions;

    public TenantLimits(IOptions<QuotaOptions> quotas)
    {
        _quotas = quotas.Value;
        _requests = PartitionedRateLimiter.Create<Tenant, string>(
            tenant => RateLimitPartition.GetTokenBucketLimiter(tenant.Name, name => Bucket(_quotas.RequestsPerSecondOf(name))));
        _executions = PartitionedRateLimiter.Create<Tenant, string>(
            tenant => RateLimitPartition.GetConcurrencyLimiter(tenant.Name, name => new ConcurrencyLimiterOptions
            {
                PermitLimit = _quotas.RunningExecutionsOf(name),
                QueueLimit = 0,
            }));
    }

    /// <summary>The contexts that the tenant may have; its silos keep to that.</summary>
    public int ContextsOf(Tenant tenant) => _quotas.ContextsOf(tenant.Name);

    /// <summary>The requests that it may send in a second.</summary>
    public int RequestsPerSecondOf(Tenant tenant) => _quotas.RequestsPerSecondOf(tenant.Name);

    /// <summary>The executions that it may have under way.</summary>
    public int RunningExecutionsOf(Tenant tenant) => _quotas.RunningExecutionsOf(tenant.Name);

    /// <summary>Counts a request; false when it is one too many.</summary>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="remaining">How many more it could send at this moment.</param>
    public bool TryRequest(Tenant tenant, out long remaining)
    {
        using var lease = _requests.AttemptAcquire(tenant);
        remaining = lease.IsAcquired ? _requests.GetStatistics(tenant)?.CurrentAvailablePermits ?? 0 : 0;
        return lease.IsAcquired;
    }

    /// <summary>Counts an execution until the lease is disposed; one that is not acquired is one too many.</summary>
    public RateLimitLease BeginExecution(Tenant tenant) => _executions.AttemptAcquire(tenant);

    public void Dispose()
    {
        _requests.Dispose();
        _executions.Dispose();
    }

    private static TokenBucketRateLimiterOptions Bucket(int perSecond) => new()
    {
        TokenLimit = perSecond,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1) / perSecond,
        QueueLimit = 0,
    };
}

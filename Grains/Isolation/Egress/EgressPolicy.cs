using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>Which tenant may reach which hosts.</summary>
internal sealed class EgressPolicy(IOptions<EgressOptions> options)
{
    private readonly FrozenDictionary<string, HostAllowList> _tenants = options.Value.Tenants.ToFrozenDictionary(
        tenant => tenant.Key, tenant => new HostAllowList(tenant.Value), StringComparer.Ordinal);

    /// <summary>The hosts that a tenant's code may reach; null: it has no network.</summary>
    public HostAllowList? For(string tenant) => _tenants.GetValueOrDefault(tenant);
}

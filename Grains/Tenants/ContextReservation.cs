using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Tenants;

/// <summary>A context's word to its tenant, while it is created or deleted.</summary>
internal sealed class ContextReservation(IGrainFactory grains, ContextKey key)
{
    private ITenantIndexGrain Index => grains.GetGrain<ITenantIndexGrain>(key.Tenant);

    /// <summary>Before the record is written, or cleared. False: the tenant may have no more contexts.</summary>
    public Task<bool> TakeAsync() => Index.Reserve(key.ContextId);

    /// <summary>After that. Nobody waits for it: what gets lost on the way is found out from the record.</summary>
    public void Settle(bool exists) => (exists ? Index.Confirm(key.ContextId) : Index.Release(key.ContextId)).Ignore();
}

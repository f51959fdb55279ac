using Orleans.Concurrency;

namespace Sandbox.Cluster.Grains.Tenants;

/// <summary>
/// What contexts say to their tenant. The order makes that no context exists that is not in the index: reserved before its
/// record is written, confirmed after it; to delete one, reserved again, its record cleared, then released. Whatever ends in
/// between leaves a reservation in doubt, and the record decides.
/// </summary>
[Alias("tenantIndex")]
internal interface ITenantIndexGrain : IGrainWithStringKey
{
    /// <summary>
    /// Counts a context before it exists; false when the tenant has as many as it may have. One that is counted already stays
    /// counted once.
    /// </summary>
    [Alias("reserve"), ResponseTimeout("00:00:10")]
    Task<bool> Reserve(string contextId);

    /// <summary>Its record is written.</summary>
    [Alias("confirm"), OneWay]
    Task Confirm(string contextId);

    /// <summary>Its record was never written, or is cleared. Without effect on what is confirmed or reserved by another as well.</summary>
    [Alias("release"), OneWay]
    Task Release(string contextId);
}

using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Tenants;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>Looks at contexts without waking them.</summary>
internal sealed class ContextReader(IGrainFactory grains)
{
    private IContextReaderGrain Reader => grains.GetGrain<IContextReaderGrain>(IContextReaderGrain.Key);

    /// <summary>
    /// The tenant's context; null when it has none of this id. Another tenant's is not even looked for, so that it is
    /// answered with the same, in the same time.
    /// </summary>
    public async Task<ContextAnswer?> FindAsync(Tenant tenant, string contextId, CancellationToken cancellationToken) =>
        (await Reader.Describe([tenant.Context(contextId).ToString()], cancellationToken))[0] is { } context ? ContextAnswer.Of(context) : null;

    /// <summary>A page of the tenant's contexts.</summary>
    public async Task<ContextListAnswer> ListAsync(Tenant tenant, string? after, int limit, CancellationToken cancellationToken)
    {
        var page = await grains.GetGrain<ITenantGrain>(tenant.Name).List(after, limit, cancellationToken);
        var contexts = await Reader.Describe([.. page.Ids.Select(id => tenant.Context(id).ToString())], cancellationToken);
        // What is only being created, or was just deleted, is none.
        return new ContextListAnswer(
            [.. contexts.OfType<ContextDescription>().Select(ContextAnswer.Of)],
            page.HasMore ? ContextCursor.After(page.Ids[^1]) : null);
    }
}

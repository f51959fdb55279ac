using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Tenants;

namespace Sandbox.Cluster.Api.Limits;

/// <summary>Refuses what a tenant has too much of, before anything is done for it.</summary>
internal static class LimitServices
{
    private const string TooManyRequests = "This tenant sends too many requests.";
    private const string TooManyExecutions = "As many executions of this tenant are under way as may be.";

    /// <summary>Adds the limits of tenants.</summary>
    public static IServiceCollection AddTenantLimits(this IServiceCollection services) => services.AddQuotas().AddSingleton<TenantLimits>();

    /// <summary>
    /// A request to this endpoint is an execution under way until it is answered: it counts against the tenant's limit of
    /// those as well.
    /// </summary>
    public static RouteHandlerBuilder CountsAsExecution(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new CountedAsExecution());

    /// <summary>Keeps to them. Comes after it is known who calls.</summary>
    public static IApplicationBuilder UseTenantLimits(this IApplicationBuilder app)
    {
        var limits = app.ApplicationServices.GetRequiredService<TenantLimits>();
        return app.Use((http, next) => Tenant.Of(http) is { } tenant && http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null
            ? CountAsync(http, next, tenant, limits)
            : next(http));
    }

    private static async Task CountAsync(HttpContext http, RequestDelegate next, Tenant tenant, TenantLimits limits)
    {
        var perSecond = limits.RequestsPerSecondOf(tenant);
        if (!limits.TryRequest(tenant, out var remaining))
        {
            await Refusal.OverQuota(TooManyRequests, perSecond, retryAfterSeconds: 1, TryLaterReason.RequestQuota).ExecuteAsync(http);
            return;
        }
        var headers = http.Response.Headers;
        headers["RateLimit-Limit"] = perSecond.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Remaining"] = remaining.ToString(CultureInfo.InvariantCulture);
        // A second after the last request the bucket is full again.
        headers["RateLimit-Reset"] = "1";

        if (http.GetEndpoint()?.Metadata.GetMetadata<CountedAsExecution>() is null)
        {
            await next(http);
            return;
        }
        var lease = limits.BeginExecution(tenant);
        using var place = new ExecutionPlace(lease);
        http.Features.Set(place);
        await (lease.IsAcquired
            ? next(http)
            : Refusal.OverQuota(TooManyExecutions, limits.RunningExecutionsOf(tenant), retryAfterSeconds: 1, TryLaterReason.ExecutionQuota).ExecuteAsync(http));
    }

    private sealed class CountedAsExecution;
}

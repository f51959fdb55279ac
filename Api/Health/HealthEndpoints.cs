using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.OpenApi;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Capacity;

namespace Sandbox.Cluster.Api.Health;

/// <summary><c>GET /healthz</c> and <c>GET /readyz</c>.</summary>
internal static class HealthEndpoints
{
    private const string GoodHealth = """{"status":"ok"}""";

    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Ok()).AllowAnonymous()
            .WithTags("health").WithName("healthz").WithSummary("Whether the Api is alive")
            .Produces<HealthAnswer>().WithAnswerExample(StatusCodes.Status200OK, "alive", GoodHealth);
        routes.MapGet("/readyz", async (IGrainFactory grains) => await TakesContextsAsync(grains)
            ? Ok()
            : Refusal.TryLater(StatusCodes.Status503ServiceUnavailable, "No silo can take a new context at the moment.", retryAfterSeconds: 1, TryLaterReason.NotReady))
            .AllowAnonymous()
            .WithTags("health").WithName("readyz").WithSummary("Whether a silo can take a context")
            .Produces<HealthAnswer>().Refuses(StatusCodes.Status503ServiceUnavailable)
            .WithAnswerExample(StatusCodes.Status200OK, "ready", GoodHealth);
        return routes;
    }

    private static async Task<bool> TakesContextsAsync(IGrainFactory grains)
    {
        try
        {
            return await grains.GetGrain<ICapacityGrain>(ICapacityGrain.Key).TakesContexts();
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return false;
        }
    }

    private static JsonHttpResult<HealthAnswer> Ok() => TypedResults.Json(new HealthAnswer("ok"), ApiJson.Default.HealthAnswer);
}

/// <summary>The body of a good health answer.</summary>
internal sealed record HealthAnswer(string Status);

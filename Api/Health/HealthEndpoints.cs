using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Api.Health;

/// <summary><c>GET /healthz</c> and <c>GET /readyz</c>.</summary>
internal static class HealthEndpoints
{
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Ok());
        routes.MapGet("/readyz", (IInterpreterPool interpreters) => interpreters.IsReady
            ? Ok()
            : Refusal.TryLater(StatusCodes.Status503ServiceUnavailable, "The interpreters are starting.", retryAfterSeconds: 1));
        return routes;
    }

    private static JsonHttpResult<HealthAnswer> Ok() => TypedResults.Json(new HealthAnswer("ok"), ApiJson.Default.HealthAnswer);
}

/// <summary>The body of a good health answer.</summary>
internal sealed record HealthAnswer(string Status);

using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Limits;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Creation;

/// <summary><c>POST /contexts</c>: a context made on purpose, ready when it is answered.</summary>
internal static class CreationEndpoint
{
    public static IEndpointRouteBuilder MapCreation(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/contexts", CreateAsync).Document();
        return routes;
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest http,
        HttpResponse response,
        Tenant tenant,
        CreationClient contexts,
        IOptions<CreationLimits> limits,
        TenantLimits quotas,
        CancellationToken cancellationToken)
    {
        if (!RequestBody.IsJson(http))
            return Refusal.Of(StatusCodes.Status415UnsupportedMediaType, "Send the request as application/json in UTF-8, not compressed.");
        var (readEnd, body) = await RequestBody.ReadAsync(http, ExecuteRequestReader.MaxBodyBytes);
        if (readEnd == RequestBodyEnd.TooLarge)
            return Refusal.Of(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {ExecuteRequestReader.MaxBodyBytes} bytes.");
        if (readEnd == RequestBodyEnd.ClientGone)
            return Results.Empty;
        var read = CreateContextRequestReader.Read(body, limits.Value);
        if (read.Command is not { } command)
            return Refusal.BadRequest(read.Faults);

        // 128 random bits: nobody guesses another's context.
        var key = tenant.Context(RandomNumberGenerator.GetHexString(32, lowercase: true));
        var reply = await contexts.CreateAsync(key, command, cancellationToken);
        if (reply is not ContextCreated { Context: var context })
            return Refuse((CreationRefused)reply, quotas.ContextsOf(tenant));
        response.Headers.Location = $"/contexts/{key.ContextId}";
        ContextHeaders.Write(response, new ContextNews(ContextState.New, context.Incarnation));
        return TypedResults.Json(ContextAnswer.Of(context), ApiJson.Default.ContextAnswer, statusCode: StatusCodes.Status201Created);
    }

    private static IResult Refuse(CreationRefused refused, int contextQuota) => refused.Reason switch
    {
        RefusalReason.ContextQuota => Refusal.OverQuota(
            "This tenant has as many contexts as it may have; delete some.", contextQuota, retryAfterSeconds: 60),
        RefusalReason.ClusterFull => Refusal.TryLater(
            StatusCodes.Status503ServiceUnavailable, "The cluster has no room for another context at the moment.", retryAfterSeconds: 5, TryLaterReason.ClusterFull),
        RefusalReason.Unavailable => Refusal.TryLater(
            StatusCodes.Status503ServiceUnavailable, "No context can be made at the moment.", retryAfterSeconds: 1),
        _ => throw new InvalidOperationException($"A context was not created for the unknown reason {refused.Reason}."),
    };
}

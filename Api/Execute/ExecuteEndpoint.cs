using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.Limits;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Api.Streams;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Execute;

/// <summary><c>POST /execute</c>: run code in a context, and wait for all of its output or take it as it comes.</summary>
internal static class ExecuteEndpoint
{
    public static IEndpointRouteBuilder MapExecute(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/execute", ExecuteAsync).CountsAsExecution().Document();
        return routes;
    }

    private static async Task<IResult> ExecuteAsync(
        HttpRequest http,
        Tenant tenant,
        ContextClient contexts,
        EventClient events,
        IOptions<ExecuteLimits> limits,
        TenantLimits quotas,
        CancellationToken cancellationToken)
    {
        if (!RequestBody.IsJson(http))
            return Refusal.Of(StatusCodes.Status415UnsupportedMediaType, "Send the request as application/json in UTF-8, not compressed.");
        var (readEnd, body) = await RequestBody.ReadAsync(http, ExecuteRequestReader.MaxBodyBytes);
        if (readEnd == RequestBodyEnd.TooLarge)
            return TooLarge($"The body is larger than {ExecuteRequestReader.MaxBodyBytes} bytes.");
        if (readEnd == RequestBodyEnd.ClientGone)
            return Results.Empty;

        var read = ExecuteRequestReader.Read(body, limits.Value);
        if (read.CodeTooLarge)
            return TooLarge($"The member code is larger than {ExecuteRequestReader.MaxCodeBytes} bytes.");
        if (read.Request is not { } request)
            return Refusal.BadRequest(read.Faults);

        var key = tenant.Context(request.ContextId ?? NewId());
        var command = new ExecuteCommand(NewId(), request.Code, request.Language, request.Environment, request.Timeout);
        if (!ServerSentEvents.AreWanted(http))
            return Answer(await contexts.ExecuteAsync(key, command, follow: null, cancellationToken));

        var stream = new ExecutionStream(http.HttpContext, key, command.ExecutionId, events);
        var end = await contexts.ExecuteAsync(key, command with { Delivery = Delivery.Events }, stream.FollowAsync, cancellationToken);
        if (!stream.HasBegun)
            return Answer(end);
        await stream.EndAsync(end, cancellationToken);
        return Results.Empty;

        IResult Answer(ExecutionReply reply) => reply switch
        {
            ExecutionEnded ended => new ExecutionAnswer(key.ContextId, command.ExecutionId, ended.Result),
            ExecutionRefused refused => Refuse(refused, quotas.ContextsOf(tenant)),
            ExecutionUnknown => ExecutionAnswer.SiloUnavailable(key.ContextId, command.ExecutionId),
            _ => throw new InvalidOperationException("A context answered with neither a result nor a refusal."),
        };
    }

    private static IResult Refuse(ExecutionRefused refused, int contextQuota) => refused.Reason switch
    {
        RefusalReason.LanguageMismatch => Refusal.BadRequest(
            [new FieldError("language", $"is not the context's language, which is {LanguageNames.Of(refused.ContextLanguage)}")]),
        RefusalReason.QueueFull => Refusal.TryLater(
            StatusCodes.Status429TooManyRequests, "Too many executions wait on this context.", retryAfterSeconds: 1),
        RefusalReason.ContextQuota => Refusal.OverQuota(
            "This tenant has as many contexts as it may have; delete some.", contextQuota, retryAfterSeconds: 60, TryLaterReason.ContextQuota),
        RefusalReason.ClusterFull => Refusal.TryLater(
            StatusCodes.Status503ServiceUnavailable, "The cluster has no room for another context at the moment.", retryAfterSeconds: 5, TryLaterReason.ClusterFull),
        RefusalReason.Unavailable => Refusal.TryLater(
            StatusCodes.Status503ServiceUnavailable, "The context's silo takes no work at the moment.", retryAfterSeconds: 1),
        _ => throw new InvalidOperationException($"A context refused for the unknown reason {refused.Reason}."),
    };


    private static IResult TooLarge(string message) => Refusal.Of(StatusCodes.Status413PayloadTooLarge, message);

    /// <summary>128 random bits: nobody guesses another's context.</summary>
    private static string NewId() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}

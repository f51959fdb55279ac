using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;
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
        routes.MapPost("/execute/async", ExecuteAsLinesAsync).CountsAsExecution().DocumentLines();
        return routes;
    }

    private static Task<IResult> ExecuteAsync(
        HttpRequest http, Tenant tenant, ContextClient contexts, EventClient events, IOptions<ExecuteLimits> limits, TenantLimits quotas,
        CancellationToken cancellationToken) =>
        ServeAsync(http, tenant, contexts, events, limits.Value, quotas, null, cancellationToken);

    /// <summary><c>POST /execute/async</c>: the same, as a stream of lines.</summary>
    private static Task<IResult> ExecuteAsLinesAsync(
        HttpRequest http, Tenant tenant, ContextClient contexts, EventClient events, IOptions<ExecuteLimits> limits, TenantLimits quotas,
        CancellationToken cancellationToken) =>
        ServeAsync(http, tenant, contexts, events, limits.Value, quotas, new LineEvents(), cancellationToken);

    /// <param name="http">The request.</param>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="contexts">Runs it.</param>
    /// <param name="events">Tells of it.</param>
    /// <param name="limits">What it may ask for.</param>
    /// <param name="quotas">What its tenant may have.</param>
    /// <param name="lines">The stream that it is answered with; null: in the form that it prefers.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    private static async Task<IResult> ServeAsync(
        HttpRequest http, Tenant tenant, ContextClient contexts, EventClient events, ExecuteLimits limits, TenantLimits quotas, LineEvents? lines,
        CancellationToken cancellationToken)
    {
        if (!RequestBody.IsJson(http))
            return Refusal.Of(StatusCodes.Status415UnsupportedMediaType, "Send the request as application/json in UTF-8, not compressed.");
        var (readEnd, body) = await RequestBody.ReadAsync(http, ExecuteRequestReader.MaxBodyBytes);
        if (readEnd == RequestBodyEnd.TooLarge)
            return TooLarge($"The body is larger than {ExecuteRequestReader.MaxBodyBytes} bytes.");
        if (readEnd == RequestBodyEnd.ClientGone)
            return Results.Empty;

        var read = ExecuteRequestReader.Read(body, limits);
        if (read.CodeTooLarge)
            return TooLarge($"The member code is larger than {ExecuteRequestReader.MaxCodeBytes} bytes.");
        if (!IdempotencyHeader.TryRead(http, body, out var idempotencyKey))
            return Refusal.BadRequest([.. read.Faults, IdempotencyHeader.Fault]);
        if (read.Request is not { } request)
            return Refusal.BadRequest(read.Faults);

        var key = tenant.Context(request.ContextId ?? (idempotencyKey is null ? NewId() : IdempotencyHeader.ContextIdOf(idempotencyKey, tenant)));
        var command = new ExecuteCommand(NewId(), request.Code, request.Language, request.Environment, request.Timeout, Key: idempotencyKey);
        if (lines is null && Preference.IsNotToWait(http))
        {
            var place = http.HttpContext.Features.GetRequiredFeature<ExecutionPlace>().HandOn();
            return Answer(await contexts.BeginAsync(key, command with { Delivery = Delivery.Later }, place));
        }
        if (lines is null && !ServerSentEvents.AreWanted(http))
            return Answer(await contexts.ExecuteAsync(key, command, follow: null, cancellationToken));

        var stream = new ExecutionStream(http.HttpContext, key, command.ExecutionId, events, lines ?? (IEventFormat)new EventJson());
        var end = await contexts.ExecuteAsync(key, command with { Delivery = Delivery.Events }, stream.FollowAsync, cancellationToken);
        if (end is ExecutionEnded { StoredOf: not null } stored)
            await stream.TellAsync(stored, cancellationToken);
        if (!stream.HasBegun)
            return Answer(end);
        await stream.EndAsync(end, cancellationToken);
        return Results.Empty;

        IResult Answer(ExecutionReply reply) => reply switch
        {
            ExecutionEnded ended => ExecutionAnswer.Of(http.HttpContext.Response, key.ContextId, command.ExecutionId, ended),
            // The key alone names this context: only another request under it can have given it a language.
            ExecutionRefused { Reason: RefusalReason.LanguageMismatch } mismatch when request.ContextId is null
                => Refuse(mismatch with { Reason = RefusalReason.KeyReused }, quotas.ContextsOf(tenant)),
            ExecutionRefused refused => Refuse(refused, quotas.ContextsOf(tenant)),
            ExecutionPending pending => Preference.Applied(
                http.HttpContext.Response, PendingAnswer.Of(http.HttpContext.Response, key.ContextId, command.ExecutionId, pending)),
            ExecutionInDoubt => ExecutionAnswer.SiloUnavailable(key.ContextId, command.ExecutionId),
            _ => throw new InvalidOperationException("A context answered with neither a result nor a refusal."),
        };
    }

    /// <summary>The answer to what was not accepted.</summary>
    public static IResult Refuse(ExecutionRefused refused, int contextQuota) => refused.Reason switch
    {
        RefusalReason.LanguageMismatch => Refusal.BadRequest(
            [new FieldError("language", $"is not the context's language, which is {LanguageNames.Of(refused.ContextLanguage)}")]),
        RefusalReason.QueueFull => Refusal.TryLater(
            StatusCodes.Status429TooManyRequests, "Too many executions wait on this context.", retryAfterSeconds: 1),
        RefusalReason.ContextQuota => Refusal.OverQuota(
            "This tenant has as many contexts as it may have; delete some.", contextQuota, retryAfterSeconds: 60, TryLaterReason.ContextQuota),
        RefusalReason.KeyInUse => Refusal.TryLater(
            StatusCodes.Status409Conflict, "An execution with this Idempotency-Key waits or runs.", retryAfterSeconds: 1, TryLaterReason.ContextBusy),
        RefusalReason.KeyReused => Refusal.Of(
            StatusCodes.Status409Conflict, "Another request was sent with this Idempotency-Key before."),
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

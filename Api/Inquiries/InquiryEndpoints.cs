using System.Security.Cryptography;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Api.OpenApi;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;

namespace Sandbox.Cluster.Api.Inquiries;

/// <summary><c>POST /contexts/{id}/complete</c> and <c>POST /contexts/{id}/inspect</c>.</summary>
internal static class InquiryEndpoints
{
    public static IEndpointRouteBuilder MapInquiries(this IEndpointRouteBuilder routes)
    {
        Map("complete", InquiryKind.Complete).DocumentInquiry<CompletionsBody>(
            "complete", "Completions at the cursor", """{"matches":["print"],"cursor_start":0,"cursor_end":3}""");
        Map("inspect", InquiryKind.Inspect).DocumentInquiry<InspectionBody>(
            "inspect", "Documentation of what stands at the cursor", """{"found":true,"data":{"text/plain":"Signature: print(*args, sep=' ')"}}""");
        return routes;

        RouteHandlerBuilder Map(string name, InquiryKind kind) => routes.MapPost(
            $"/contexts/{{contextId}}/{name}",
            (string contextId, Tenant tenant, HttpRequest http, InquiryClient inquiries, CancellationToken cancellationToken) =>
                AskAsync(kind, contextId, tenant, http, inquiries, cancellationToken));
    }

    private static async Task<IResult> AskAsync(
        InquiryKind kind, string contextId, Tenant tenant, HttpRequest http, InquiryClient inquiries, CancellationToken cancellationToken)
    {
        if (!RequestBody.IsJson(http))
            return Refusal.Of(StatusCodes.Status415UnsupportedMediaType, "Send the request as application/json in UTF-8, not compressed.");
        var (end, body) = await RequestBody.ReadAsync(http, ExecuteRequestReader.MaxBodyBytes);
        if (end == RequestBodyEnd.ClientGone)
            return Results.Empty;
        if (end == RequestBodyEnd.TooLarge)
            return Refusal.Of(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {ExecuteRequestReader.MaxBodyBytes} bytes.");
        var read = InquiryRequestReader.Read(body);
        if (read.CodeTooLarge)
            return Refusal.Of(StatusCodes.Status413PayloadTooLarge, $"The member code is larger than {ExecuteRequestReader.MaxCodeBytes} bytes.");
        if (!ContextId.IsValid(contextId))
            return Refusal.BadRequest([ContextId.Fault, .. read.Faults]);
        if (read.Request is not { } request)
            return Refusal.BadRequest(read.Faults);

        var key = tenant.Context(contextId);
        var command = new InquiryCommand(RandomNumberGenerator.GetHexString(32, lowercase: true), kind, request.Code, request.Cursor);
        var reply = await inquiries.AskAsync(key, command, cancellationToken);
        ContextHeaders.Write(http.HttpContext.Response, reply.News);
        return reply is InquiryFailed failed ? Refuse(failed.Fault) : new InquiryAnswer(reply);
    }

    private static IResult Refuse(InquiryFault fault) => fault switch
    {
        InquiryFault.NoSuchContext => Refusal.Of(StatusCodes.Status404NotFound, "There is no such context."),
        InquiryFault.Busy => Refusal.Of(StatusCodes.Status409Conflict, "The context is running code; it can be asked when that has ended."),
        InquiryFault.SessionLost => Refusal.Of(StatusCodes.Status409Conflict, "The context's session is gone; its next execution is told how."),
        InquiryFault.TooMany => Refusal.TryLater(StatusCodes.Status429TooManyRequests, "Too many questions wait on this context.", retryAfterSeconds: 1),
        InquiryFault.Unavailable => Refusal.TryLater(
            StatusCodes.Status503ServiceUnavailable, "The context cannot be asked at the moment.", retryAfterSeconds: 1),
        InquiryFault.ClusterFull => Refusal.TryLater(
            StatusCodes.Status503ServiceUnavailable, "The cluster has no room for the context at the moment.", retryAfterSeconds: 5, TryLaterReason.ClusterFull),
        _ => throw new InvalidOperationException($"A context failed for the unknown reason {fault}."),
    };
}

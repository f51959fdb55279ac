using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.OpenApi;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Files;

namespace Sandbox.Cluster.Api.Files;

/// <summary><c>GET</c>, <c>PUT</c> and <c>DELETE /contexts/{id}/files/{path}</c>.</summary>
internal static class FileEndpoints
{
    private const string Route = "/contexts/{contextId}/files/{**path}";

    public static IEndpointRouteBuilder MapFiles(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Route, ReadAsync).DocumentReading();
        routes.MapPut(Route, WriteAsync).DocumentWriting();
        routes.MapDelete(Route, DeleteAsync).DocumentRemoving();
        return routes;
    }

    private static async Task<IResult> ReadAsync(string contextId, Tenant tenant, HttpRequest http, FileClient files, CancellationToken cancellationToken)
    {
        if (Check(contextId, http, namesFile: false, out var path) is { } refusal)
            return refusal;
        var key = tenant.Context(contextId);
        var transfer = new FileReading(files, key, NewTransferId());
        var range = RangeHeader.Read(http.Headers);
        return Tell(http, await transfer.OpenAsync(path, range, cancellationToken)) switch
        {
            FileOpened file => new FileAnswer(transfer, file, isPartial: range is not null),
            DirectoryOpened => new DirectoryAnswer(transfer, path),
            RangeNotSatisfiable missed => new RangeNotSatisfiableAnswer(missed.Size),
            FileFailed failed => FileFaults.Refuse(failed.Fault),
            var other => throw Unknown(other!),
        };
    }

    private static async Task<IResult> WriteAsync(string contextId, Tenant tenant, HttpRequest http, FileClient files, CancellationToken cancellationToken)
    {
        if (Check(contextId, http, namesFile: true, out var path) is { } refusal)
            return refusal;
        // RFC 9110, 14.5: what asks for a part to be replaced must not replace the whole.
        if (http.Headers.ContentRange.Count > 0)
            return Refusal.BadRequest([new FieldError("Content-Range", "is not supported: send the whole file")]);
        var key = tenant.Context(contextId);
        return Tell(http, await new FileWriting(files, key, NewTransferId(), path).RunAsync(http, cancellationToken)) switch
        {
            FileWritten { Created: true } => Results.StatusCode(StatusCodes.Status201Created),
            FileWritten => Results.NoContent(),
            FileFailed failed => FileFaults.Refuse(failed.Fault),
            null => Results.Empty,
            var other => throw Unknown(other),
        };
    }

    private static async Task<IResult> DeleteAsync(string contextId, Tenant tenant, HttpRequest http, FileClient files, CancellationToken cancellationToken)
    {
        if (Check(contextId, http, namesFile: false, out var path) is { } refusal)
            return refusal;
        var key = tenant.Context(contextId);
        return Tell(http, await files.CallAsync(key, context => context.DeleteFile(path, cancellationToken), cancellationToken)) switch
        {
            FileDeleted => Results.NoContent(),
            FileFailed failed => FileFaults.Refuse(failed.Fault),
            var other => throw Unknown(other!),
        };
    }

    /// <summary>Says in the headers of the answer what the reply says of the context's state.</summary>
    private static FileReply? Tell(HttpRequest http, FileReply? reply)
    {
        ContextHeaders.Write(http.HttpContext.Response, reply?.News);
        return reply;
    }

    private static IResult? Check(string contextId, HttpRequest http, bool namesFile, out byte[] path)
    {
        var faults = new List<FieldError>();
        if (!ContextId.IsValid(contextId))
            faults.Add(ContextId.Fault);
        var target = http.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (FilePath.Read(target, namesFile, out path) is { } fault)
            faults.Add(new FieldError("path", fault));
        return faults.Count > 0 ? Refusal.BadRequest(faults) : null;
    }

    /// <summary>128 random bits: nobody goes on with another's.</summary>
    private static string NewTransferId() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    private static InvalidOperationException Unknown(FileReply reply) => new($"A context answered with {reply.GetType().Name}.");
}

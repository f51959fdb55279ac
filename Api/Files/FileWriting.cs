using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Files;

namespace Sandbox.Cluster.Api.Files;

/// <summary>
/// An upload: the body goes on as it comes, a piece at a time, and the next one is only read when the last one was taken. So
/// a slow client sends small pieces and keeps its lease, and a fast one large ones.
/// </summary>
internal sealed class FileWriting(FileClient files, ContextKey key, string transferId, byte[] path)
{
    private const int PieceBytes = 256 << 10;

    private long _sent;

    /// <summary>The last word on it; null when the client is gone.</summary>
    public async Task<FileReply?> RunAsync(HttpRequest http, CancellationToken cancellationToken)
    {
        var limit = http.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (limit is { IsReadOnly: false })
            limit.MaxRequestBodySize = null;
        // The lease is the bound. The server's own, a rate, is for bodies that are held in memory.
        if (http.HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        FileReply? last = null;
        try
        {
            last = await SendAllAsync(http, cancellationToken);
            return last;
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException or OperationCanceledException)
        {
            http.HttpContext.Abort();
            return null;
        }
        finally
        {
            if (last is not (FileWritten or FileFailed))
                await files.CloseAsync(key, transferId);
        }
    }

    private async Task<FileReply> SendAllAsync(HttpRequest http, CancellationToken cancellationToken)
    {
        // What is known to be large is asked about before it is sent.
        if (http.ContentLength > PieceBytes && await SendAsync([], false, http, cancellationToken) is FileFailed refused)
            return Refused(http, refused);
        while (true)
        {
            // Not cancelled when the client leaves: the read itself ends then.
            var read = await ReadAsync(http);
            var piece = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, PieceBytes));
            var isLast = read.IsCompleted && piece.Length == read.Buffer.Length;
            var bytes = piece.ToArray();
            http.BodyReader.AdvanceTo(piece.End);
            if (bytes.Length == 0 && !isLast)
                continue;
            var reply = await SendAsync(bytes, isLast, http, cancellationToken);
            if (reply is FileFailed failed && !isLast)
                return Refused(http, failed);
            if (reply is not FileAccepted)
                return reply;
        }
    }

    /// <summary>The context lets go of a transfer after as long a silence, and whoever was silent has to be told.</summary>
    private async Task<ReadResult> ReadAsync(HttpRequest http)
    {
        await using var silence = files.Time.CreateTimer(
            static body => ((PipeReader)body!).CancelPendingRead(), http.BodyReader, files.TransferLease, Timeout.InfiniteTimeSpan);
        var read = await http.BodyReader.ReadAsync(CancellationToken.None);
        if (!read.IsCanceled)
            return read;
        http.BodyReader.AdvanceTo(read.Buffer.End);
        http.HttpContext.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        throw new BadHttpRequestException("An upload stood still for longer than its lease.", StatusCodes.Status408RequestTimeout);
    }

    private async Task<FileReply> SendAsync(byte[] bytes, bool isLast, HttpRequest http, CancellationToken cancellationToken)
    {
        var command = new WriteFileCommand(transferId, path, http.ContentLength, _sent, bytes, isLast);
        _sent += bytes.Length;
        return await files.CallAsync(key, context => context.WriteFile(command, cancellationToken), cancellationToken);
    }

    /// <summary>The server takes what is still on its way for a few seconds, so that the client gets to see the answer.</summary>
    private static FileFailed Refused(HttpRequest http, FileFailed failed)
    {
        http.HttpContext.Response.Headers.Connection = "close";
        return failed;
    }
}

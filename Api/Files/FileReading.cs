using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Files;

namespace Sandbox.Cluster.Api.Files;

/// <summary>What was opened in a context, piece by piece; the next one is asked for when the last one has been taken.</summary>
internal sealed class FileReading(FileClient files, ContextKey key, string transferId)
{
    public Task<FileReply> OpenAsync(byte[] path, ByteRange? range, CancellationToken cancellationToken) =>
        files.CallAsync(key, context => context.OpenFile(transferId, path, range, cancellationToken), cancellationToken);

    public Task<FileReply> NextAsync(CancellationToken cancellationToken) =>
        files.CallAsync(key, context => context.ReadNext(transferId, cancellationToken), cancellationToken);

    /// <summary>Once an answer has begun, one that cannot be finished is cut: a status cannot be taken back.</summary>
    public async Task CutAsync(HttpContext http)
    {
        http.Abort();
        await files.CloseAsync(key, transferId);
    }
}

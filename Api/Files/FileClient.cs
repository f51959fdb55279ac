using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Files;

namespace Sandbox.Cluster.Api.Files;

/// <summary>The Api's way to the files of a context. What goes wrong on that way is a <see cref="FileFailed"/> like any other.</summary>
internal sealed partial class FileClient(
    IGrainFactory grains, IOptions<FileTransferOptions> options, TimeProvider time, ILogger<FileClient> logger)
{
    /// <summary>How long a transfer waits for who goes on with it.</summary>
    public TimeSpan TransferLease => options.Value.TransferLease;

    /// <summary>The clock of transfers.</summary>
    public TimeProvider Time => time;

    public async Task<FileReply> CallAsync(ContextKey key, Func<IContextFiles, Task<FileReply>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call(grains.GetGrain<IContextFiles>(key.ToString()));
        }
        catch (ClusterFullException)
        {
            return new FileFailed(FileFault.ClusterFull);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Its silo is gone, or the context could not be activated: what was begun there has a lease.
            LogFailed(logger, e.GetType().Name);
            return new FileFailed(FileFault.Unavailable);
        }
    }

    /// <summary>Gives a transfer up. When that fails as well its lease lapses.</summary>
    public async Task CloseAsync(ContextKey key, string transferId)
    {
        try
        {
            await grains.GetGrain<IContextFiles>(key.ToString()).CloseFile(transferId, CancellationToken.None);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            LogFailed(logger, e.GetType().Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A context could not be asked about its files: {Error}")]
    private static partial void LogFailed(ILogger logger, string error);
}

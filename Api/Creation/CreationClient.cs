using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Creation;

/// <summary>
/// The Api's way to a new context: asks until it is ready, by calls that are short each. No code is run by it, so what got lost
/// on the way is asked again; what nobody will hear of is removed.
/// </summary>
internal sealed partial class CreationClient(
    IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<CreationClient> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>The context, or why there is none. A client that leaves meanwhile leaves nothing behind.</summary>
    public async Task<CreationReply> CreateAsync(ContextKey key, CreateContextCommand command, CancellationToken cancellationToken)
    {
        var creating = AskUntilThereAsync(key, command);
        try
        {
            var reply = await creating.WaitAsync(cancellationToken);
            if (reply is CreationRefused { Reason: RefusalReason.Unavailable })
                _ = RemoveAsync(key, creating);
            return reply;
        }
        catch (OperationCanceledException)
        {
            _ = RemoveAsync(key, creating);
            throw;
        }
    }

    private async Task<CreationReply> AskUntilThereAsync(ContextKey key, CreateContextCommand command)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var reply = await AskAsync(key, command);
            if (reply is not (CreationPending or CreationRefused { Reason: RefusalReason.Unavailable }))
                return reply;
            if (time.GetElapsedTime(started) > Patience || lifetime.ApplicationStopping.IsCancellationRequested)
                return new CreationRefused(RefusalReason.Unavailable);
            if (reply is CreationRefused)
                await Task.Delay(Pause, time);
        }
    }

    private async Task<CreationReply> AskAsync(ContextKey key, CreateContextCommand command)
    {
        try
        {
            return await grains.GetGrain<IContextCreation>(key.ToString()).Create(command, CancellationToken.None);
        }
        catch (ClusterFullException)
        {
            return new CreationRefused(RefusalReason.ClusterFull);
        }
        catch (Exception e)
        {
            // Its silo is gone or leaves, or it could not be activated: another one goes on with it.
            LogFailed(logger, e.GetType().Name);
            return new CreationRefused(RefusalReason.Unavailable);
        }
    }

    /// <summary>Whether anything of it is there is not known. When this fails as well it expires like any other.</summary>
    private async Task RemoveAsync(ContextKey key, Task<CreationReply> creating)
    {
        try
        {
            await creating;
            await grains.GetGrain<IContextLifecycle>(key.ToString()).Delete(CancellationToken.None);
        }
        catch (Exception e)
        {
            LogFailed(logger, e.GetType().Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A context could not be created or taken back: {Error}")]
    private static partial void LogFailed(ILogger logger, string error);
}

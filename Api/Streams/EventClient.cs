using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Streams;

/// <summary>The Api's way to the events of an execution, with calls that are short each.</summary>
internal sealed partial class EventClient(IGrainFactory grains, TimeProvider time, ILogger<EventClient> logger)
{
    // Together less than a client's lease.
    private const int Attempts = 40;
    private static readonly TimeSpan AttemptPause = TimeSpan.FromMilliseconds(100);

    /// <summary>The clock of streams.</summary>
    public TimeProvider Time => time;

    /// <summary>The next events, or none after about two seconds; null when nobody knows the execution any more.</summary>
    public async Task<EventPage?> ReadAsync(ContextKey key, string executionId, long after, bool isItsClient, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await grains.GetGrain<IContextExecutions>(key.ToString()).Events(executionId, after, isItsClient, cancellationToken);
            }
            catch (Exception e) when (Undelivered.Is(e) && attempt < Attempts)
            {
                // The silo on the way leaves, or has left; the one that runs the code is asked by way of another.
                await Task.Delay(AttemptPause, time, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogLost(logger, executionId, e.GetType().Name);
                return null;
            }
        }
    }

    /// <summary>
    /// Whether an execution has come as far as this event; of one that runs it is waited for, for about two seconds. Also where nobody
    /// can say.
    /// </summary>
    public async Task<bool> HasReachedAsync(ContextKey key, string executionId, long sequence, CancellationToken cancellationToken) =>
        await ReadAsync(key, executionId, sequence - 1, isItsClient: false, cancellationToken) is not { Events: [], Instead: null };

    /// <summary>What is known of an execution; null when it cannot be asked for at the moment.</summary>
    public async Task<ExecutionReply?> FindAsync(ContextKey key, string executionId, CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IContextExecutions>(key.ToString()).Find(executionId, cancellationToken);
        }
        catch (ClusterFullException)
        {
            // There is no place for the context, and so it has none.
            return new ExecutionUnknown();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogLost(logger, executionId, e.GetType().Name);
            return null;
        }
    }

    /// <summary>Tells the context that the execution's client is still there. Should that fail, the next one may not.</summary>
    public async Task RenewAsync(ContextKey key, string executionId, CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IContextExecutions>(key.ToString()).Renew(executionId, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRenewed(logger, executionId, e.GetType().Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The events of execution {ExecutionId} cannot be followed any more: {Error}")]
    private static partial void LogLost(ILogger logger, string executionId, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease of execution {ExecutionId} could not be renewed: {Error}")]
    private static partial void LogNotRenewed(ILogger logger, string executionId, string error);
}

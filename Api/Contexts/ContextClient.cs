using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>
/// The Api's way to a context: follows an execution to its end with calls that are short each, so that a silo that dies is
/// noticed within seconds. Where it loses sight of one it asks the context's next activation, and never has anything run twice.
/// </summary>
internal sealed partial class ContextClient(
    IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ContextClient> logger)
{
    // A silo that leaves has saved its sessions by then, one that died is out of its cluster, and others have taken them.
    private static readonly TimeSpan ResubmitFor = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    // Together less than a follower's lease.
    private const int FollowAttempts = 40;
    private static readonly TimeSpan FollowPause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Runs code and waits for its end. What a silo that leaves has not begun is sent again, until another one takes it; so is
    /// what nobody answers for any more, with its age: whoever has the context's state then says what became of it, and runs it
    /// where it surely has not run. Cancelling interrupts the execution.
    /// </summary>
    /// <param name="key">The context.</param>
    /// <param name="command">What to run.</param>
    /// <param name="follow">
    /// Follows what was accepted in another way than by waiting for its end, and is called until it does not answer that it is
    /// pending; null for waiting.
    /// </param>
    /// <param name="cancellationToken">The client is gone.</param>
    public async Task<ExecutionReply> ExecuteAsync(
        ContextKey key, ExecuteCommand command, Func<CancellationToken, Task<ExecutionReply>>? follow, CancellationToken cancellationToken)
    {
        var context = grains.GetGrain<IContextGrain>(key.ToString());
        try
        {
            var sent = time.GetTimestamp();
            var lastSeen = sent;
            var mayHaveRun = false;
            for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                var reply = await SendAsync(context, mayHaveRun ? command with { Age = time.GetElapsedTime(sent) } : command, cancellationToken);
                while (reply is ExecutionPending { InsteadOf: null })
                {
                    reply = follow is null ? await FollowAsync(context, command.ExecutionId, cancellationToken) : await follow(cancellationToken);
                    lastSeen = time.GetTimestamp();
                }
                mayHaveRun |= reply is ExecutionUnknown;
                if (!(mayHaveRun ? reply is ExecutionUnknown or ExecutionRefused : reply is ExecutionRefused { Reason: RefusalReason.Unavailable }))
                    return reply;
                if (lifetime.ApplicationStopping.IsCancellationRequested || time.GetElapsedTime(lastSeen) > ResubmitFor)
                    return mayHaveRun ? new ExecutionInDoubt() : reply;
                await Task.Delay(pause, time, cancellationToken);
            }
        }
        catch when (command.Delivery != Delivery.Later)
        {
            // Its client is gone, or cannot be answered.
            await LeaveAsync(context, command.ExecutionId);
            throw;
        }
    }

    private async Task<ExecutionReply> SendAsync(IContextGrain context, ExecuteCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await context.Execute(command, cancellationToken);
        }
        catch (Exception e) when (Undelivered.Is(e))
        {
            return new ExecutionRefused(RefusalReason.Unavailable, command.Language ?? Language.Python);
        }
        catch (TimeoutException e)
        {
            LogLost(logger, command.ExecutionId, e.GetType().Name);
            return new ExecutionUnknown();
        }
        catch (ClusterFullException)
        {
            return new ExecutionRefused(RefusalReason.ClusterFull, command.Language ?? Language.Python);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // No method of a context throws: what comes as an exception is an activation that could not be made.
            LogNotActivated(logger, command.ExecutionId, e.GetType().Name);
            if (command.Age is not null)
                return new ExecutionUnknown();
            return new ExecutionEnded(new ExecutionResult(
                [], [], [], ExecutionError.Of(ErrorKind.InternalError, "The context could not be activated. The code was not run."), null, null, 0));
        }
    }

    /// <summary>
    /// The code has been taken and may have run. Whatever goes wrong from here on, a full cluster that has no place for what
    /// was lost among it, nobody may be told that it did not: it is unknown.
    /// </summary>
    private async Task<ExecutionReply> FollowAsync(IContextGrain context, string executionId, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await context.Follow(executionId, cancellationToken);
            }
            catch (Exception e) when (Undelivered.Is(e) && attempt < FollowAttempts)
            {
                // The silo on the way leaves, or has left; the one that runs the code is asked by way of another.
                await Task.Delay(FollowPause, time, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogLost(logger, executionId, e.GetType().Name);
                return new ExecutionUnknown();
            }
        }
    }

    /// <summary>
    /// Tells the context that nobody waits any more. The cancelled call may have told it already, or not have been on its way;
    /// when this one fails as well the follower's lease lapses.
    /// </summary>
    private async Task LeaveAsync(IContextGrain context, string executionId)
    {
        try
        {
            await context.Interrupt(executionId, InterruptCause.ClientGone, CancellationToken.None);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            LogNotTold(logger, executionId, e.GetType().Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Execution {ExecutionId} is out of sight: {Error}")]
    private static partial void LogLost(ILogger logger, string executionId, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The context of execution {ExecutionId} could not be activated: {Error}")]
    private static partial void LogNotActivated(ILogger logger, string executionId, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The client of execution {ExecutionId} left and its context could not be told: {Error}")]
    private static partial void LogNotTold(ILogger logger, string executionId, string error);
}

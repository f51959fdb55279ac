using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>
/// The Api's way to a context: follows an execution to its end with calls that are short each, so that a silo that dies is
/// noticed within seconds, and never runs anything twice.
/// </summary>
internal sealed partial class ContextClient(IGrainFactory grains, ILogger<ContextClient> logger)
{
    /// <summary>Runs code and waits for its end. Cancelling interrupts the execution.</summary>
    public async Task<ExecutionReply> ExecuteAsync(ContextKey key, ExecuteCommand command, CancellationToken cancellationToken)
    {
        var context = grains.GetGrain<IContextGrain>(key.ToString());
        try
        {
            var reply = await context.Execute(command, cancellationToken);
            while (reply is ExecutionPending)
                reply = await context.Follow(command.ExecutionId, cancellationToken);
            return reply;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await LeaveAsync(context, command.ExecutionId);
            throw;
        }
        catch (Exception e) when (e is TimeoutException or SiloUnavailableException or OrleansMessageRejectionException)
        {
            return new ExecutionUnknown();
        }
        catch (ClusterFullException)
        {
            return new ExecutionRefused(RefusalReason.ClusterFull, command.Language ?? Language.Python);
        }
        catch (Exception e)
        {
            // No method of a context throws: what comes as an exception is an activation that could not be made.
            LogNotActivated(logger, command.ExecutionId, e);
            return new ExecutionEnded(new ExecutionResult(
                [], [], [], ExecutionError.Of(ErrorKind.InternalError, "The context could not be activated. The code was not run."), null, null, 0));
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

    [LoggerMessage(Level = LogLevel.Error, Message = "The context of execution {ExecutionId} could not be activated")]
    private static partial void LogNotActivated(ILogger logger, string executionId, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The client of execution {ExecutionId} left and its context could not be told: {Error}")]
    private static partial void LogNotTold(ILogger logger, string executionId, string error);
}

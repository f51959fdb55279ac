using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>
/// The Api's way to a context: follows an execution to its end with calls that are short each, so that a silo that dies is
/// noticed within seconds, and never runs anything twice.
/// </summary>
internal sealed class ContextClient(IGrainFactory grains)
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
            // The call that was cancelled may not have been on its way; this one is.
            await context.Interrupt(command.ExecutionId, InterruptCause.ClientGone, CancellationToken.None);
            throw;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return new ExecutionUnknown();
        }
    }
}

using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>Executions whose clients do not wait for their end.</summary>
internal sealed partial class ContextClient
{
    /// <summary>
    /// Has code accepted, and then follows it in place of its client: what a silo that leaves has not begun is sent again. The
    /// end of this Api ends the following and not the execution.
    /// </summary>
    /// <param name="key">The context.</param>
    /// <param name="command">What to run, to be delivered later.</param>
    /// <param name="place">What it takes of its tenant's quota, given back at its end.</param>
    /// <returns><see cref="ExecutionPending"/> once it is accepted, or why it was not.</returns>
    public Task<ExecutionReply> BeginAsync(ContextKey key, ExecuteCommand command, IDisposable place)
    {
        var accepted = new TaskCompletionSource<ExecutionReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = FollowInPlaceOfClientAsync(key, command, place, accepted);
        return accepted.Task;
    }

    private async Task FollowInPlaceOfClientAsync(
        ContextKey key, ExecuteCommand command, IDisposable place, TaskCompletionSource<ExecutionReply> accepted)
    {
        using (place)
        {
            try
            {
                accepted.TrySetResult(await ExecuteAsync(key, command, FollowAsync, lifetime.ApplicationStopping));
            }
            catch (Exception e)
            {
                if (!accepted.TrySetException(e) && !lifetime.ApplicationStopping.IsCancellationRequested)
                    LogNotFollowed(logger, command.ExecutionId, e.GetType().Name);
            }
        }

        Task<ExecutionReply> FollowAsync(CancellationToken cancellationToken)
        {
            accepted.TrySetResult(new ExecutionPending());
            return this.FollowAsync(grains.GetGrain<IContextGrain>(key.ToString()), command.ExecutionId, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Execution {ExecutionId} cannot be followed in place of its client: {Error}")]
    private static partial void LogNotFollowed(ILogger logger, string executionId, string error);
}

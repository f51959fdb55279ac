using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>Executions as events, and those that nobody waits for.</summary>
internal sealed partial class ContextGrain : IContextExecutions
{
    // Shorter than the age at which an activation without calls is collected.
    private static readonly TimeSpan StayPeriod = TimeSpan.FromSeconds(30);

    private readonly KeptExecutions _kept;

    public Task<ExecutionReply> Find(string executionId, CancellationToken cancellationToken)
    {
        var reply = _executions.TryGetValue(executionId, out var execution) ? execution.Reply : _kept.Find(executionId)?.Reply;
        GoUnlessNeeded();
        return reply switch
        {
            null => Task.FromResult<ExecutionReply>(FindRemembered(executionId) is { } remembered ? remembered : new ExecutionUnknown()),
            { IsCompleted: false } => Task.FromResult<ExecutionReply>(new ExecutionPending()),
            _ => reply,
        };
    }

    public async Task<EventPage?> Events(string executionId, long after, bool isItsClient, CancellationToken cancellationToken)
    {
        if (!_executions.TryGetValue(executionId, out var execution))
            return _kept.Find(executionId) is { } kept ? await kept.Events.ReadAsync(after, _options.AnswerWithin, cancellationToken) : null;
        return isItsClient
            ? await execution.ReadEventsAsync(after, _options.AnswerWithin, cancellationToken)
            : await execution.Events.ReadAsync(after, _options.AnswerWithin, cancellationToken);
    }

    public Task Renew(string executionId, CancellationToken cancellationToken)
    {
        if (_executions.TryGetValue(executionId, out var execution))
            execution.Renew();
        return Task.CompletedTask;
    }

    /// <summary>One that was given up may still be ending.</summary>
    private async Task<ExecutionReply> AnswerOfKeptAsync(string executionId, CancellationToken cancellationToken)
    {
        if (_kept.Find(executionId)?.Reply is not { } reply)
            return new ExecutionUnknown();
        await ((Task)reply).WaitAsync(_options.AnswerWithin, _time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return reply.IsCompleted ? await reply : new ExecutionPending();
    }

    /// <summary>Whoever is told that it was accepted may use the context at once: by then it is there.</summary>
    private async Task AcceptAsync(Execution execution, CancellationToken cancellationToken)
    {
        _ = StayAsync(execution);
        if (!_session.Exists)
            await execution.Events.ReadAsync(0, _options.AnswerWithin, cancellationToken);
    }

    /// <summary>Nobody calls while it waits and runs, and a context that nobody calls is let go.</summary>
    private async Task StayAsync(Execution execution)
    {
        using var stay = this.RegisterGrainTimer(
            static _ => Task.CompletedTask, new GrainTimerCreationOptions(StayPeriod, StayPeriod) { KeepAlive = true, Interleave = true });
        await execution.Reply;
    }
}

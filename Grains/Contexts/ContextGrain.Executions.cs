using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>Executions as events, while they run.</summary>
internal sealed partial class ContextGrain : IContextExecutions
{
    public async Task<EventPage?> Events(string executionId, long after, bool isItsClient, CancellationToken cancellationToken)
    {
        if (!_executions.TryGetValue(executionId, out var execution))
            return null;
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
}

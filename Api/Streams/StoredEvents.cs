using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Streams;

/// <summary>Events of an execution that left its answer and not its events.</summary>
internal static class StoredEvents
{
    /// <summary>What was printed comes before what was shown, a stream at a time.</summary>
    public static ExecutionEvent[] Of(ExecutionResult result)
    {
        var events = new List<ExecutionEvent>();
        if (result.ExecutionCount is { } count)
            events.Add(new StartEvent(count));
        AddLines(isStderr: false, result.Stdout);
        AddLines(isStderr: true, result.Stderr);
        foreach (var item in result.Items)
            events.Add(new ItemEvent(item, null));
        if (result.Error is { } error)
            events.Add(new ErrorEvent(error));
        events.Add(new EndEvent(result with { Items = [], Stdout = [], Stderr = [] }));
        return [.. events.Select((happened, index) => happened with { Sequence = index + 1 })];

        void AddLines(bool isStderr, IReadOnlyList<string> lines)
        {
            if (lines.Count > 0)
                events.Add(new OutputEvent(isStderr, string.Join('\n', lines) + '\n'));
        }
    }
}

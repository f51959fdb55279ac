namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// First come, first served, one at a time, and only so many waiting. Lives on its grain's scheduler: no locks.
/// <paramref name="run"/> must not fault: the queue would stand still.
/// </summary>
internal sealed class ExecutionQueue(int maxQueued, Func<Execution, Task> run)
{
    private readonly List<Execution> _waiting = [];
    private Execution? _running;
    private TaskCompletionSource _idle = Completed();

    /// <summary>Whether nothing runs or waits.</summary>
    public bool IsIdle => _running is null;

    /// <summary>The one that runs; null when none does.</summary>
    public Execution? Running => _running;

    /// <summary>Completes when nothing runs or waits.</summary>
    public Task Idle => _idle.Task;

    /// <summary>Those that wait now, in order.</summary>
    public IReadOnlyList<Execution> Waiting => [.. _waiting];

    /// <summary>The one that runs and those that wait, in order.</summary>
    public IEnumerable<Execution> All => _running is null ? [] : _waiting.Prepend(_running);

    /// <summary>Whether as many wait as may wait.</summary>
    public bool IsFull => _running is not null && _waiting.Count >= maxQueued;

    /// <summary>Takes an execution and starts it when nothing else runs.</summary>
    /// <exception cref="InvalidOperationException">The queue is full.</exception>
    public void Add(Execution execution)
    {
        if (IsFull)
            throw new InvalidOperationException("As many executions wait as may wait.");
        if (_running is not null)
        {
            _waiting.Add(execution);
            return;
        }
        _running = execution;
        _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = RunAllAsync();
    }

    /// <summary>Takes one out that waits; false when it runs, has run, or never was here.</summary>
    public bool TryRemove(Execution execution) => _waiting.Remove(execution);

    /// <summary>Empties the queue of what waits.</summary>
    public IReadOnlyList<Execution> TakeWaiting()
    {
        var taken = _waiting.ToArray();
        _waiting.Clear();
        return taken;
    }

    private async Task RunAllAsync()
    {
        while (_running is { } execution)
        {
            await run(execution);
            _running = _waiting.Count > 0 ? _waiting[0] : null;
            if (_running is not null)
                _waiting.RemoveAt(0);
        }
        _idle.SetResult();
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.SetResult();
        return source;
    }
}

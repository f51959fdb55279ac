using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Executions that nobody waits for any more: the last 64, for an hour, and no more of their output than <paramref name="mostBytes"/>
/// unless the last one alone has more. Lives on its grain's scheduler: no locks.
/// </summary>
internal sealed class KeptExecutions(long mostBytes, TimeProvider time)
{
    private const int Most = 64;
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly LinkedList<Kept> _kept = [];

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _kept.Count == 0;

    public void Add(Execution execution)
    {
        _kept.AddLast(new Kept(execution.Command.ExecutionId, execution.Reply, execution.Events, time.GetTimestamp()));
        Trim();
    }

    /// <summary>Null when it was never here, or is not any more.</summary>
    public Kept? Find(string executionId)
    {
        Trim();
        return _kept.LastOrDefault(kept => kept.ExecutionId == executionId);
    }

    private void Trim()
    {
        while (_kept.First is { } first
            && (_kept.Count > Most || time.GetElapsedTime(first.Value.Since) > Longest || (_kept.Count > 1 && _kept.Sum(kept => kept.Events.Bytes) > mostBytes)))
        {
            _kept.RemoveFirst();
        }
    }

    /// <summary>What is kept of one, its code not among it.</summary>
    /// <param name="ExecutionId">Its id.</param>
    /// <param name="Reply">Its end, which may still be to come.</param>
    /// <param name="Events">Its events.</param>
    /// <param name="Since">The timestamp from which it is kept.</param>
    internal sealed record Kept(string ExecutionId, Task<ExecutionReply> Reply, ExecutionEvents Events, long Since);
}

namespace Sandbox.Cluster.Grains.Checkpoints;

/// <summary>
/// Lets so many in at a time, of those that wait the smallest first: a silo that leaves has saved most of its sessions before it
/// comes to the large ones.
/// </summary>
internal sealed class CheckpointGate(int places)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource<bool>, long> _waiting = new();
    private int _free = places;

    /// <summary>Waits for a place, which is given back by disposing it.</summary>
    /// <param name="bytes">How large the session was when it was last saved; 0 where it never was.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<IDisposable> EnterAsync(long bytes, CancellationToken cancellationToken)
    {
        var turn = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_free > 0)
            {
                _free--;
                turn.SetResult(true);
            }
            else
            {
                _waiting.Enqueue(turn, bytes);
            }
        }
        await using var giveUp = cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken));
        await turn.Task;
        return new Place(this);
    }

    private void Leave()
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var next, out _))
            {
                if (next.TrySetResult(true))
                    return;
            }
            _free++;
        }
    }

    private sealed class Place(CheckpointGate gate) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                gate.Leave();
        }
    }
}

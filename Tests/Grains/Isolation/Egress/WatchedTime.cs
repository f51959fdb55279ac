using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>A clock that stands still, and knows who waits on it: a test moves it only once somebody does.</summary>
internal sealed class WatchedTime : FakeTimeProvider
{
    private readonly ConcurrentQueue<TimeSpan> _timers = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Enqueue(dueTime);
        return timer;
    }

    /// <summary>Waits until that many waits of that length have begun.</summary>
    public Task BegunAsync(TimeSpan wait, int times = 1) => EgressStage.UntilAsync(() => _timers.Count(timer => timer == wait) >= times);

    /// <summary>Waits until a wait of that length has begun, and lets it pass.</summary>
    public async Task PassAsync(TimeSpan wait)
    {
        await BegunAsync(wait);
        Advance(wait);
    }
}

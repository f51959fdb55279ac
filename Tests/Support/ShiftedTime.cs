namespace Sandbox.Cluster.Tests.Support;

/// <summary>The real clock, which a test can put forward. Timers keep the real time.</summary>
public sealed class ShiftedTime : TimeProvider
{
    private long _ticks;

    /// <summary>So much later than it was.</summary>
    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ticks));
}

using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Retention;

namespace Sandbox.Cluster.Tests.Grains.Retention;

public sealed class ContextExpiryTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void Of_IsTheLastUseThatIsKnownAndTheRetention()
    {
        var expiry = Expiry(days: 7);
        var record = new ContextRecord { CreatedAt = Day(1) };
        Assert.Equal(Day(8), expiry.Of(record));
        Assert.Equal(Day(9), expiry.Of(record with { LastUsedAt = Day(2) }));
        Assert.Equal(Day(10), expiry.Of(record with { LastUsedAt = Day(2) }, Day(3)));
    }

    [Fact]
    public void Of_IsNotBeforeTheContextWouldBePutToSleep() => Assert.Equal(
        Day(5), Expiry(days: 1).Of(new ContextRecord { CreatedAt = Day(1), Settings = new ContextSettings { IdleTimeout = TimeSpan.FromDays(4) } }));

    [Fact]
    public void Of_WithoutRetention_IsNever()
    {
        var expiry = Expiry(days: 0);
        _time.Advance(TimeSpan.FromDays(36500));
        Assert.Null(expiry.Of(new ContextRecord { CreatedAt = Day(1) }));
        Assert.False(expiry.IsOver(new ContextRecord { CreatedAt = Day(1) }));
    }

    [Fact]
    public void IsOver_FromThatMomentOn()
    {
        var expiry = Expiry(days: 7);
        _time.Advance(TimeSpan.FromDays(8) - TimeSpan.FromTicks(1));
        Assert.False(expiry.IsOver(new ContextRecord { CreatedAt = Day(1) }));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(expiry.IsOver(new ContextRecord { CreatedAt = Day(1) }));
    }

    private ContextExpiry Expiry(int days) => new(Options.Create(new ContextOptions { Retention = TimeSpan.FromDays(days) }), _time);

    private static DateTimeOffset Day(int number) => DateTimeOffset.UnixEpoch + TimeSpan.FromDays(number);
}

using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Grains.Retention;
using Sandbox.Cluster.Grains.Tenants;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Retention;

/// <summary>Which contexts are looked at, and when; what is done to them is the grain's.</summary>
public sealed class RetentionSweepTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private readonly List<string> _looked = [];
    private Func<string, Task<DateTimeOffset?>> _look = _ => Task.FromResult<DateTimeOffset?>(DateTimeOffset.MaxValue);

    // What a grain has: one thing at a time.
    private readonly TaskScheduler _scheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;

    [Fact]
    public Task APass_LooksAtEachContextOnce_AndAgainWhenItsTimeMayBeOver() => RunAsync(async () =>
    {
        _look = id => Task.FromResult<DateTimeOffset?>(DateTimeOffset.UnixEpoch + TimeSpan.FromDays(id == "a" ? 1 : 2));
        var sweep = await SweepAsync("a", "b");
        await sweep.PassAsync();
        await sweep.PassAsync();
        Assert.Equal(["a", "b"], _looked);
        _time.Advance(TimeSpan.FromDays(1));
        await sweep.PassAsync();
        Assert.Equal(["a", "b", "a"], _looked);
    });

    [Fact]
    public Task APass_IsBounded_AndTheNextOneGoesOn() => RunAsync(async () =>
    {
        var ids = Enumerable.Range(0, RetentionSweep.LooksAPass + 10).Select(number => $"c{number:000}").ToArray();
        var sweep = await SweepAsync(ids);
        await sweep.PassAsync();
        Assert.Equal(ids[..RetentionSweep.LooksAPass], _looked);
        await sweep.PassAsync();
        Assert.Equal(ids, _looked);
    });

    [Fact]
    public Task ALookThatFails_IsRepeatedAfterAPause_AndKeepsNobodyElseBack() => RunAsync(async () =>
    {
        _look = id => id == "a" ? throw new TimeoutException() : Task.FromResult<DateTimeOffset?>(DateTimeOffset.MaxValue);
        var sweep = await SweepAsync("a", "b");
        await sweep.PassAsync();
        await sweep.PassAsync();
        Assert.Equal(["a", "b"], _looked);
        _time.Advance(RetentionSweep.Pause);
        await sweep.PassAsync();
        Assert.Equal(["a", "b", "a"], _looked);
    });

    /// <summary>One that is only being created, or deleted, is somebody else's.</summary>
    [Fact]
    public Task APass_LooksAtNothingThatIsReserved() => RunAsync(async () =>
    {
        var index = await IndexAsync();
        await index.ReserveAsync("a", 1);
        await new RetentionSweep(index, LookAsync, _time).PassAsync();
        Assert.Empty(_looked);
    });

    private async Task<RetentionSweep> SweepAsync(params string[] ids)
    {
        var index = await IndexAsync();
        foreach (var id in ids)
            await index.ConfirmAsync(id);
        return new RetentionSweep(index, LookAsync, _time);
    }

    private async Task<ContextIndex> IndexAsync()
    {
        var index = new ContextIndex(new MemoryStorage(), GrainId.Create("tenant", "acme"), _time);
        await index.OpenAsync();
        return index;
    }

    private Task<DateTimeOffset?> LookAsync(string id)
    {
        _looked.Add(id);
        return _look(id);
    }

    private Task RunAsync(Func<Task> test) => Task.Factory.StartNew(test, CancellationToken.None, TaskCreationOptions.None, _scheduler).Unwrap();
}

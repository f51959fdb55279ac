using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Tests.Grains.Contexts;

public class KeptExecutionsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Find_GivesTheLast64()
    {
        var kept = new KeptExecutions(1 << 20, _time);
        for (var i = 0; i < 65; i++)
            kept.Add(Execution($"e{i}"));
        Assert.Null(kept.Find("e0"));
        Assert.NotNull(kept.Find("e1"));
        Assert.NotNull(kept.Find("e64"));
    }

    [Fact]
    public void Find_GivesNothingAfterAnHour()
    {
        var kept = new KeptExecutions(1 << 20, _time);
        kept.Add(Execution("a"));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.NotNull(kept.Find("a"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(kept.Find("a"));
        Assert.True(kept.IsEmpty);
    }

    [Fact]
    public void Add_OfMoreThanMayBeKept_LetsTheOldestGo_ButNeverTheLast()
    {
        var kept = new KeptExecutions(1 << 20, _time);
        kept.Add(Execution("a", 100_000));
        kept.Add(Execution("b", 200_000));
        Assert.Null(kept.Find("a"));
        Assert.NotNull(kept.Find("b"));
        kept.Add(Execution("c", 2_000_000));
        Assert.Null(kept.Find("b"));
        Assert.NotNull(kept.Find("c"));
    }

    [Fact]
    public void Find_CountsWhatWasPrintedMeanwhile()
    {
        var kept = new KeptExecutions(1 << 20, _time);
        var running = Execution("a");
        kept.Add(running);
        kept.Add(Execution("b"));
        running.Events.Print(isStderr: false, new StringBuilder().Append('x', 1_000_000));
        Assert.NotNull(kept.Find("b"));
        Assert.Null(kept.Find("a"));
    }

    private Execution Execution(string id, int printed = 0)
    {
        var execution = new Execution(
            new ExecuteCommand(id, "", null, null, TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(1), TimeSpan.Zero, _time, CancellationToken.None);
        execution.Events.Print(isStderr: false, new StringBuilder().Append('x', printed));
        return execution;
    }
}

using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Cluster;

/// <summary>Machines that die: what their contexts come back with, and who is told. Real processes, real Redis.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class KillTests
{
    private const int Kill = 9;
    private const int Contexts = 12;

    // It takes a fifth of it. Where silos write their signs of life as seldom as Orleans has it, a new one waits for a minute and a half.
    private static readonly TimeSpan JoinsWithin = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task ASiloThatIsKilled_TakesNothingOfWhatWasQuiet_AndEachOfTheOthersIsToldOnce()
    {
        // With so few places each counts, and contexts go where there is most room: each silo has its half.
        await using var cluster = await ClusterProcess.StartAsync(silos: 2, apis: 2, [.. ClusterProcess.NoneWarm, ("Sandbox__Capacity__MaxContexts", "16")]);
        for (var i = 0; i < Contexts; i++)
            Assert.Equal("new", (await RunAsync(cluster, i, $"x = {i}")).State);
        await Task.Delay(SiloDeath.QuietBefore);
        // All at once, so that the kill comes before any of them has been quiet for long.
        await Task.WhenAll(Enumerable.Range(0, Contexts / 2).Select(i => RunAsync(cluster, (2 * i) + 1, "x += 100")));

        ClusterProcess.Signal(cluster.Silos[1], Kill);

        var (moved, rolledBack) = (0, 0);
        foreach (var i in Enumerable.Range(0, Contexts))
        {
            var answers = await UntilKnownAsync(cluster, i);
            var last = answers[^1];
            var isActive = i % 2 == 1;
            switch (last.State)
            {
                case "kept":
                    // On the silo that lives.
                    Assert.Equal(($"{(isActive ? i + 100 : i)}", "1"), (last.Text, last.Incarnation));
                    break;
                case "restored":
                    // Also one that was saved between its last execution and the kill.
                    Assert.Equal(($"{(isActive ? i + 100 : i)}", "1"), (last.Text, last.Incarnation));
                    moved++;
                    break;
                default:
                    Assert.Equal(("rolled-back", "1"), (last.State, last.Header("Context-Restored-To")));
                    Assert.True(isActive, $"Context {i} was quiet and was rolled back.");
                    Assert.Equal(($"{i}", "2"), (last.Text, last.Incarnation));
                    (moved, rolledBack) = (moved + 1, rolledBack + 1);
                    break;
            }
            var after = await RunAsync(cluster, i, "x");
            Assert.Equal(("kept", last.Text, last.Incarnation), (after.State, after.Text, after.Incarnation));
        }
        Assert.InRange(moved, Contexts / 3, Contexts * 2 / 3);
        Assert.InRange(rolledBack, 1, moved);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ASiloThatIsKilled_IsOutOfItsClusterInTime_AndNoOtherIs(int silos)
    {
        await using var cluster = await ClusterProcess.StartAsync(silos, apis: 1, ClusterProcess.NoneWarm);
        await using var table = await MembershipTable.OpenAsync(cluster);
        Assert.All(await table.ReadAsync(), status => Assert.Equal(SiloStatus.Active, status));

        ClusterProcess.Signal(cluster.Silos[1], Kill);
        await Eventually.UntilAsync(async () => (await table.ReadAsync()).Contains(SiloStatus.Dead), SiloDeath.IsOutWithin);

        Assert.Equal(silos - 1, (await table.ReadAsync()).Count(status => status == SiloStatus.Active));
    }

    [Fact]
    public async Task WhenEverySiloIsKilled_ANewOneIsNotKeptWaitingByTheDead_AndWhatWasQuietIsComplete()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 2, apis: 1, ClusterProcess.NoneWarm);
        foreach (var i in Enumerable.Range(0, Contexts))
            await RunAsync(cluster, i, $"x = {i}");
        await Task.Delay(SiloDeath.QuietBefore);
        foreach (var silo in cluster.Silos.Values)
            ClusterProcess.Signal(silo, Kill);

        await cluster.AddSiloAsync(JoinsWithin);

        foreach (var i in Enumerable.Range(0, Contexts))
        {
            var last = (await UntilKnownAsync(cluster, i))[^1];
            Assert.Equal(($"{i}", "restored", "1"), (last.Text, last.State, last.Incarnation));
        }
    }

    [Fact]
    public async Task CodeThatRunsWhenItsSiloIsKilled_HasAnUnknownEnd_AndTheNextCallSaysWhereTheContextStands()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 2, apis: 1, ClusterProcess.NoneWarm);
        var client = cluster.Clients[0];
        await client.ExecuteAsync("x = 1", contextId: "saved");
        await Task.Delay(SiloDeath.QuietBefore);
        var sign = new Sign();
        var running = client.ExecuteAsync($"x = 2\n{sign.GivePython()}\nimport time; time.sleep(600)", contextId: "saved", timeoutMs: 600_000);
        await sign.GivenAsync();
        ClusterProcess.Signal(cluster.SiloOf(sign.ProcessId), Kill);

        var unknown = await running.WaitAsync(SiloDeath.AnswersWithin);

        Assert.Equal((HttpStatusCode.InternalServerError, "SiloUnavailable"), (unknown.Status, unknown.ErrorName));
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{sign.ProcessId}"));
        var next = await client.UntilKnownAsync("x", "saved");
        Assert.Equal(("rolled-back", "1", "1", "2"), (next[^1].State, next[^1].Header("Context-Restored-To"), next[^1].Text, next[^1].Incarnation));
    }

    [Fact]
    public async Task AnApiThatIsKilled_IsNoClientAnyMore_AndItsExecutionIsInterrupted()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 1, apis: 2, ClusterProcess.NoneWarm);
        var (doomed, other) = (cluster.Clients[0], cluster.Clients[1]);
        await doomed.ExecuteAsync("ended = None", contextId: "mine");
        var sign = new Sign();
        var running = doomed.ExecuteAsync(
            $"import time\ntry:\n    {sign.GivePython()}\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    ended = 'interrupted'",
            contextId: "mine", timeoutMs: 600_000);
        await sign.GivenAsync();

        ClusterProcess.Signal(cluster.Apis[1], Kill);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => running);
        var next = await other.ExecuteAsync("ended", contextId: "mine");
        Assert.Equal(("'interrupted'", "kept"), (next.Text, next.State));
    }

    private static Task<Answer> RunAsync(ClusterProcess cluster, int i, string code) =>
        cluster.Clients[i % cluster.Clients.Count].ExecuteAsync(code, contextId: $"c{i}");

    private static Task<List<Answer>> UntilKnownAsync(ClusterProcess cluster, int i) =>
        cluster.Clients[i % cluster.Clients.Count].UntilKnownAsync("x", $"c{i}");
}

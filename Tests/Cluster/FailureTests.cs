using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Cluster;

/// <summary>What becomes of contexts when members of a real cluster end, fall silent or come. Real processes, real Redis.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class FailureTests
{
    private const int Kill = 9;
    private const int Stop = 19;
    private const int Continue = 18;
    private const int Contexts = 12;

    // Two launchers a silo are enough to start; nothing here is about how fast.
    private static readonly (string Name, string Value)[] Small = [("Sandbox__Interpreters__WarmMinimum", "0"), ("Sandbox__Interpreters__WarmMaximum", "0")];
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task ASiloThatIsKilled_LosesItsContextsAndNoOthers_AndEachIsToldOnce()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 2, apis: 2, Small);
        for (var i = 0; i < Contexts; i++)
            Assert.Equal("new", (await Client(cluster, i).ExecuteAsync($"x = {i}", contextId: $"c{i}")).State);

        ClusterProcess.Signal(cluster.Silos[1], Kill);

        var lost = 0;
        for (var i = 0; i < Contexts; i++)
        {
            var answers = await UntilKnownAsync(Client(cluster, i), $"c{i}");
            var last = answers[^1];
            if (answers.Any(answer => answer.ErrorName == "ContextLost"))
            {
                lost++;
                Assert.Equal(("NameError", "2"), (last.ErrorName, last.Incarnation));
                Assert.Single(answers, answer => answer.ErrorName == "ContextLost");
            }
            else
            {
                Assert.Equal(($"{i}", "1"), (last.Text, last.Incarnation));
            }
        }
        // Contexts are placed where there is most room, so each silo had its half.
        Assert.InRange(lost, Contexts / 3, Contexts * 2 / 3);
    }

    [Fact]
    public async Task AFullCluster_RefusesAtOnce_AndASiloThatJoinsTakesItsShare()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 1, apis: 1, [.. Small, ("Sandbox__Capacity__MaxContexts", "3")]);
        var client = cluster.Clients[0];
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.OK, (await client.ExecuteAsync($"x = {i}", contextId: $"c{i}")).Status);

        var refused = await client.ExecuteAsync("x = 3", contextId: "c3");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
        Assert.NotNull(refused.Header("Retry-After"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await ReadyzAsync(client));
        // A full cluster still serves whom it has.
        Assert.Equal("0", (await client.ExecuteAsync("x", contextId: "c0")).Text);

        await cluster.AddSiloAsync();
        await UntilAsync(async () => await ReadyzAsync(client) == HttpStatusCode.OK);
        Assert.Equal("new", (await client.ExecuteAsync("x = 3", contextId: "c3")).State);
        Assert.Equal(["redis", "silo", "api", "silo"], (await cluster.ListAsync()).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task RedisThatFallsSilent_TakesNoStateWithIt()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 2, apis: 1, Small);
        var client = cluster.Clients[0];
        await client.ExecuteAsync("x = 41", contextId: "mine");
        ClusterProcess.Signal(cluster.Redis, Stop);
        try
        {
            // A warm execution asks storage nothing.
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal("42", (await client.ExecuteAsync("import time; time.sleep(1); x + 1", contextId: "mine")).Text);
            }
        }
        finally
        {
            ClusterProcess.Signal(cluster.Redis, Continue);
        }
        var after = await client.ExecuteAsync("x + 1", contextId: "mine");
        Assert.Equal(("42", "kept", "1"), (after.Text, after.State, after.Incarnation));
        await UntilAsync(async () => (await client.ExecuteAsync("1", contextId: "new")).Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Terminate_EndsEveryMemberWithCodeZero()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 2, apis: 1, Small);
        await cluster.Clients[0].ExecuteAsync("x = 1");
        Assert.Equal(4, (await cluster.ListAsync()).Count);
        var (exitCode, alive) = await cluster.TerminateAsync();
        Assert.Equal(0, exitCode);
        Assert.Empty(alive);
    }

    private static HttpClient Client(ClusterProcess cluster, int i) => cluster.Clients[i % cluster.Clients.Count];

    /// <summary>Asks for <c>x</c> until the answer is one of the code's; all answers on the way.</summary>
    private static async Task<List<Answer>> UntilKnownAsync(HttpClient client, string contextId)
    {
        using var bound = new CancellationTokenSource(Bound);
        var answers = new List<Answer>();
        while (answers.Count == 0 || answers[^1].Status != HttpStatusCode.OK)
        {
            answers.Add(await client.ExecuteAsync("x", contextId: contextId, cancellationToken: bound.Token));
            Assert.True(
                answers[^1].Status is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable || answers[^1].ErrorName is "ContextLost" or "SiloUnavailable",
                answers[^1].ToString());
        }
        return answers;
    }

    private static async Task<HttpStatusCode> ReadyzAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
        return answer.StatusCode;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!await condition())
            await Task.Delay(20, bound.Token);
    }
}

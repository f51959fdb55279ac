using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Cluster;

/// <summary>What becomes of contexts when members of a real cluster end, fall silent or come. Real processes, real Redis.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class FailureTests
{
    private const int Terminate = 15;
    private const int Stop = 19;
    private const int Continue = 18;

    [Fact]
    public async Task AFullCluster_RefusesAtOnce_AndASiloThatJoinsTakesItsShare()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 1, apis: 1, [.. ClusterProcess.NoneWarm, ("Sandbox__Capacity__MaxContexts", "3")]);
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
        await Eventually.UntilAsync(async () => await ReadyzAsync(client) == HttpStatusCode.OK);
        Assert.Equal("new", (await client.ExecuteAsync("x = 3", contextId: "c3")).State);
        Assert.Equal(["redis", "silo", "api", "silo"], (await cluster.ListAsync()).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task CallsThatFindNoSilo_WaitForTheNextOne()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 1, apis: 1, ClusterProcess.NoneWarm);
        var client = cluster.Clients[0];
        await client.ExecuteAsync("x = 41", contextId: "mine");
        var silo = cluster.Silos.Values.Single();
        ClusterProcess.Signal(silo, Terminate);
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{silo}"));

        // The Api has not heard of it yet: it finds out by these.
        var saved = client.ExecuteAsync("x + 1", contextId: "mine");
        var other = client.ExecuteAsync("1 + 1", contextId: "other");
        await cluster.AddSiloAsync();

        Assert.Equal((HttpStatusCode.OK, "42", "restored"), ((await saved).Status, (await saved).Text, (await saved).State));
        Assert.Equal((HttpStatusCode.OK, "2", "new"), ((await other).Status, (await other).Text, (await other).State));
    }

    [Fact]
    public async Task RedisThatFallsSilent_TakesNoStateWithIt()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 2, apis: 1, ClusterProcess.NoneWarm);
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
        await Eventually.UntilAsync(async () => (await client.ExecuteAsync("1", contextId: "new")).Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Terminate_EndsEveryMemberWithCodeZero()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 2, apis: 1, ClusterProcess.NoneWarm);
        await cluster.Clients[0].ExecuteAsync("x = 1");
        Assert.Equal(4, (await cluster.ListAsync()).Count);
        var (exitCode, alive) = await cluster.TerminateAsync();
        Assert.Equal(0, exitCode);
        Assert.Empty(alive);
    }

    private static async Task<HttpStatusCode> ReadyzAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
        return answer.StatusCode;
    }
}

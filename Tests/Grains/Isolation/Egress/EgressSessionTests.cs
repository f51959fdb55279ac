using System.Net.Sockets;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>How the egress of a context ends.</summary>
public class EgressSessionTests
{
    private const string Request = $"CONNECT {EgressStage.Host}:443 HTTP/1.1\r\n\r\n";

    [Fact]
    public async Task Dispose_EndsConnectionsInEveryStateAndTheListener()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint, time: null, ("MaxConnections", "6"));
        using var tunnel = await stage.TunnelAsync();
        using var host = await world.AcceptAsync();

        using var silent = await stage.ConnectAsync();
        using var halfway = await stage.ConnectAsync();
        await halfway.SendAsync("CONNECT ");
        using var refused = await stage.ConnectAsync();
        await refused.SendAsync("GET / HTTP/1.1\r\n\r\n");
        Assert.Contains(" 405 ", await refused.ReadHeadAsync(), StringComparison.Ordinal);

        stage.Dialer.Silent.Add(FakeResolver.PublicAddress);
        using var dialing = await stage.ConnectAsync();
        await dialing.SendAsync(Request);
        await EgressStage.UntilAsync(() => stage.Dialer.Dialed.Count == 2);
        stage.Resolver.Hangs = true;
        using var resolving = await stage.ConnectAsync();
        await resolving.SendAsync(Request);
        await EgressStage.UntilAsync(() => stage.Resolver.Lookups.Count == 3);
        using var waiting = await stage.ConnectAsync();

        await stage.Session.DisposeAsync().AsTask().WaitAsync(EgressStage.Bound);

        Assert.True(await tunnel.IsResetAsync());
        Assert.True(await host.IsResetAsync());
        Assert.True(await silent.IsResetAsync());
        Assert.True(await halfway.IsResetAsync());
        Assert.True(await dialing.IsResetAsync());
        Assert.True(await resolving.IsResetAsync());
        Assert.True(await waiting.IsResetAsync());
        Assert.EndsWith("\n", await refused.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal(5, stage.Metrics.Connections("context_ended"));
        var refusal = await Assert.ThrowsAsync<SocketException>(stage.ConnectAsync);
        Assert.Equal(SocketError.ConnectionRefused, refusal.SocketErrorCode);
    }

    [Fact]
    public async Task Dispose_CanBeCalledAgainAndByTwoAtOnce()
    {
        await using var stage = new EgressStage();
        using var client = await stage.ConnectAsync();
        await Task.WhenAll(stage.Session.DisposeAsync().AsTask(), stage.Session.DisposeAsync().AsTask()).WaitAsync(EgressStage.Bound);
        await stage.Session.DisposeAsync();
        Assert.True(await client.IsResetAsync());
    }

    [Fact]
    public async Task Dispose_OfOneSession_LeavesTheOthersAlone()
    {
        using var world = new RawWorld();
        await using var one = new EgressStage(world.EndPoint);
        await using var other = new EgressStage(world.EndPoint);
        using var client = await other.TunnelAsync();
        using var host = await world.AcceptAsync();
        await one.Session.DisposeAsync();
        await client.SendAsync("still here");
        Assert.Equal("still here", await host.ReadAsync(10));
    }
}

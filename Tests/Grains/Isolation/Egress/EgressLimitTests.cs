using System.Net.Sockets;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>Every wait has a bound, and so has everything that is held.</summary>
public class EgressLimitTests
{
    private const string Request = $"CONNECT {EgressStage.Host}:443 HTTP/1.1\r\n\r\n";

    [Theory]
    [InlineData("")]
    [InlineData("CONNECT ")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\n")]
    public async Task Connect_ThatNeverEndsItsHead_TimesOut(string beginning)
    {
        await using var stage = new EgressStage();
        using var client = await stage.ConnectAsync();
        await client.SendAsync(beginning);
        await stage.Time.PassAsync(EgressStage.HandshakeTimeout);
        EgressRefusalTests.AssertIsAnswer(await client.ReadToEndAsync(), 408);
    }

    [Fact]
    public async Task Connect_ThatComesInDrops_HasNoMoreTimeForThem()
    {
        await using var stage = new EgressStage();
        using var client = await stage.ConnectAsync();
        await stage.Time.BegunAsync(EgressStage.HandshakeTimeout);
        foreach (var drop in "CONNECT al")
        {
            await client.SendAsync([(byte)drop]);
            stage.Time.Advance(EgressStage.HandshakeTimeout / 10);
        }
        EgressRefusalTests.AssertIsAnswer(await client.ReadToEndAsync(), 408);
    }

    [Fact]
    public async Task Connect_WhenTheNameIsNeverResolved_TimesOut()
    {
        await using var stage = new EgressStage();
        stage.Resolver.Hangs = true;
        var refusal = stage.RefusalAsync(Request);
        await stage.Time.PassAsync(EgressStage.ConnectTimeout);
        EgressRefusalTests.AssertIsAnswer(await refusal, 504);
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("connect_timeout") == 1);
    }

    [Fact]
    public async Task Connect_WhenNoAddressAnswers_TimesOut()
    {
        await using var stage = new EgressStage();
        stage.Dialer.Silent.UnionWith(["8.8.8.1", "8.8.8.2"]);
        stage.Resolver.Answer("8.8.8.1", "8.8.8.2");
        var refusal = stage.RefusalAsync(Request);
        await stage.Time.PassAsync(EgressStage.ConnectTimeout / 2);
        await stage.Time.BegunAsync(EgressStage.ConnectTimeout / 2, times: 2);
        stage.Time.Advance(EgressStage.ConnectTimeout / 2);
        EgressRefusalTests.AssertIsAnswer(await refusal, 504);
        Assert.Equal(["8.8.8.1", "8.8.8.2"], stage.Dialer.Dialed);
    }

    [Fact]
    public async Task Connect_WhenTheFirstAddressIsSilent_HasTimeForTheNext()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        stage.Dialer.Silent.Add("8.8.8.1");
        stage.Resolver.Answer("8.8.8.1", "8.8.8.2");
        var tunnel = stage.TunnelAsync();
        await stage.Time.PassAsync(EgressStage.ConnectTimeout / 2);
        using var client = await tunnel;
        Assert.Equal(["8.8.8.1", "8.8.8.2"], stage.Dialer.Dialed);
    }

    [Fact]
    public async Task Connect_WhenManyNamesAreNeverResolved_LooksUpAFewAtATime()
    {
        await using var stage = new EgressStage();
        stage.Resolver.Hangs = true;
        var refusals = Enumerable.Range(0, 12).Select(_ => stage.RefusalAsync(Request)).ToList();
        await stage.Time.BegunAsync(EgressStage.ConnectTimeout, times: 12);
        stage.Time.Advance(EgressStage.ConnectTimeout);
        Assert.All(await Task.WhenAll(refusals), refusal => EgressRefusalTests.AssertIsAnswer(refusal, 504));
        Assert.InRange(stage.Resolver.Most, 1, 4);
    }

    [Fact]
    public async Task Tunnel_InWhichNothingMoves_IsResetOnBothSides()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.TunnelAsync();
        using var host = await world.AcceptAsync();
        await stage.Time.PassAsync(EgressStage.IdleTimeout);
        Assert.True(await client.IsResetAsync());
        Assert.True(await host.IsResetAsync());
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("idle") == 1);
    }

    [Fact]
    public async Task Tunnel_WhoseOtherHalfNeverEnds_IsIdleToo()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.TunnelAsync();
        using var host = await world.AcceptAsync();
        client.EndSending();
        Assert.Equal("", await host.ReadToEndAsync());
        await stage.Time.PassAsync(EgressStage.IdleTimeout);
        Assert.True(await client.IsResetAsync());
    }

    [Fact]
    public async Task Tunnel_WhoseReaderDoesNotRead_IsIdleToo()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.TunnelAsync();
        using var host = await world.AcceptAsync();
        // More than all the buffers on the way to it.
        var sending = client.SendAsync(new byte[256 << 20]);
        await EgressStage.UntilAsync(() => stage.Metrics.BytesOut > 0);
        while (stage.Metrics.Connections("idle") == 0)
        {
            stage.Time.Advance(EgressStage.IdleTimeout);
            await Task.Yield();
        }
        await Assert.ThrowsAsync<SocketException>(() => sending);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tunnel_InWhichSomethingMovesInOneDirection_StaysOpen(bool outwards)
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.TunnelAsync();
        using var host = await world.AcceptAsync();
        var (sender, receiver) = outwards ? (client, host) : (host, client);
        for (var round = 0; round < 5; round++)
        {
            stage.Time.Advance(EgressStage.IdleTimeout - TimeSpan.FromTicks(1));
            await sender.SendAsync("x");
            Assert.Equal("x", await receiver.ReadAsync(1));
        }
    }

    [Fact]
    public async Task Connect_ByMoreClientsThanThereArePlaces_LetsTheOthersWait()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint, time: null, ("MaxConnections", "2"));
        using var first = await stage.TunnelAsync();
        using var second = await stage.TunnelAsync();
        using var third = await stage.ConnectAsync();
        await third.SendAsync(Request);
        var answer = third.ReadHeadAsync();
        using (var host = await world.AcceptAsync())
        {
            first.EndSending();
            Assert.Equal("", await host.ReadToEndAsync());
            Assert.False(answer.IsCompleted);
            Assert.Equal(2, stage.Dialer.Dialed.Count);
        }
        Assert.Contains(" 200 ", await answer, StringComparison.Ordinal);
        Assert.Equal(3, stage.Dialer.Dialed.Count);
    }

    [Fact]
    public async Task Connect_ByACrowd_IsServedAtMostAsManyAtATimeAsThereArePlaces()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint, time: null, ("MaxConnections", "3"));
        var (dialing, most) = (0, 0);
        using var gate = new SemaphoreSlim(0);
        stage.Dialer.Before = async cancellationToken =>
        {
            lock (gate)
                most = Math.Max(most, ++dialing);
            await gate.WaitAsync(cancellationToken);
            lock (gate)
                dialing--;
        };
        var crowd = Enumerable.Range(0, 50).Select(async _ =>
        {
            using var client = await stage.TunnelAsync();
            using var host = await world.AcceptAsync();
            client.EndSending();
            host.EndSending();
            await client.ReadToEndAsync();
        }).ToList();
        await EgressStage.UntilAsync(() => stage.Dialer.Dialed.Count == 3);
        gate.Release(50);
        await Task.WhenAll(crowd);
        Assert.Equal(3, most);
    }

    [Fact]
    public async Task Connect_ThatWasRefused_KeepsItsPlaceForAMoment()
    {
        await using var stage = new EgressStage(world: null, time: null, ("MaxConnections", "1"));
        EgressRefusalTests.AssertIsAnswer(await stage.RefusalAsync("GET / HTTP/1.1\r\n\r\n"), 405);
        await stage.Time.BegunAsync(EgressStage.RefusalPause);
        var next = stage.RefusalAsync("GET / HTTP/1.1\r\n\r\n");
        Assert.False(next.IsCompleted);
        stage.Time.Advance(EgressStage.RefusalPause);
        EgressRefusalTests.AssertIsAnswer(await next, 405);
    }

    [Fact]
    public async Task Connect_OfAClientThatNeitherLeavesNorListens_IsGivenUp()
    {
        await using var stage = new EgressStage();
        using var client = await stage.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\n\r\n");
        Assert.Contains(" 405 ", await client.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal(0, stage.Metrics.Connections("method_not_allowed"));
        await stage.Time.PassAsync(EgressStage.LingerTimeout);
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("method_not_allowed") == 1);
    }

    [Fact]
    public async Task Connect_OfAClientThatGoesOnSendingAfterItsRefusal_IsGivenUp()
    {
        await using var stage = new EgressStage();
        using var client = await stage.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\n\r\n");
        await client.ReadHeadAsync();
        await Assert.ThrowsAsync<SocketException>(() => client.SendAsync(new byte[256 << 20]));
    }
}

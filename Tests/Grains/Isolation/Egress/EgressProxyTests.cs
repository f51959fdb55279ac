using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Sandbox.Cluster.Grains.Isolation.Egress;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>What gets through.</summary>
public partial class EgressProxyTests(TlsWorld world) : IClassFixture<TlsWorld>
{
    private static readonly Uri Url = new($"https://{EgressStage.Host}/");

    [Fact]
    public async Task Get_OfAnAllowedHost_SpeaksTlsWithTheHostItself()
    {
        await using var stage = new EgressStage(world.EndPoint);
        using (var client = world.ClientBehind(stage.EndPoint))
            Assert.Equal($"hello from {EgressStage.Host}", await client.GetStringAsync(Url));
        Assert.Equal([EgressStage.Host], stage.Resolver.Lookups);
        Assert.Equal([FakeResolver.PublicAddress], stage.Dialer.Dialed);
    }

    [Fact]
    public async Task Post_OfMegabytes_ComesBackAsItWas()
    {
        await using var stage = new EgressStage(world.EndPoint);
        using var client = world.ClientBehind(stage.EndPoint);
        var body = RandomNumberGenerator.GetBytes(8 << 20);
        using var content = new ByteArrayContent(body);
        using var answer = await client.PostAsync(Url, content);
        var back = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(body.AsSpan().SequenceEqual(back));
        Assert.True(stage.Metrics.BytesOut > body.Length);
        Assert.True(stage.Metrics.BytesIn > body.Length);
    }

    [Fact]
    public async Task Get_OfAHostThatIsNotAllowed_IsToldWhy()
    {
        await using var stage = new EgressStage(world.EndPoint);
        using var client = world.ClientBehind(stage.EndPoint);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri("https://other.example/")));
        Assert.Equal(HttpRequestError.ProxyTunnelError, failure.HttpRequestError);
        Assert.Equal(HttpStatusCode.Forbidden, failure.StatusCode);
        Assert.Empty(stage.Resolver.Lookups);
        Assert.Empty(stage.Dialer.Dialed);
    }

    [Fact]
    public async Task Get_OfPlainHttp_IsRefused()
    {
        await using var stage = new EgressStage(world.EndPoint);
        using var client = world.ClientBehind(stage.EndPoint);
        using var answer = await client.GetAsync(new Uri($"http://{EgressStage.Host}/"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["CONNECT"], answer.Content.Headers.Allow);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.Contains("CONNECT", body, StringComparison.Ordinal);
        Assert.Contains("https://", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ByMoreClientsThanThereArePlaces_ServesThemAllInTurn()
    {
        await using var stage = new EgressStage(world.EndPoint, TimeProvider.System, ("MaxConnections", "3"));
        await Task.WhenAll(Enumerable.Range(0, 30).Select(async _ =>
        {
            using var client = world.ClientBehind(stage.EndPoint);
            Assert.StartsWith("hello", await client.GetStringAsync(Url), StringComparison.Ordinal);
        }));
        Assert.Equal(30, stage.Dialer.Dialed.Count);
    }

    [Theory]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\nHost: allowed.example:443\r\n\r\n")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.0\r\n\r\n")]
    [InlineData("CONNECT ALLOWED.example.:443 HTTP/1.1\r\nhost: whatever\r\n\r\n")]
    [InlineData("CONNECT a.b.below.example:443 HTTP/1.1\r\nUser-Agent: caf\u00e9\tx\r\nEmpty:\r\nContent-Length: 0\r\n\r\n")]
    public async Task Connect_InTheFormsOfRealClients_OpensATunnel(string head)
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.ConnectAsync();
        await client.SendAsync(head);
        Assert.Equal("HTTP/1.1 200 Connection established\r\n\r\n", await client.ReadHeadAsync());
    }

    [Fact]
    public async Task Connect_ByteByByte_OpensATunnel()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.ConnectAsync();
        foreach (var character in $"CONNECT {EgressStage.Host}:443 HTTP/1.1\r\nA: b\r\n\r\n")
            await client.SendAsync([(byte)character]);
        Assert.Contains(" 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_WithBytesBehindTheHead_GivesThemToTheHostFirst()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.ConnectAsync();
        await client.SendAsync($"CONNECT {EgressStage.Host}:443 HTTP/1.1\r\n\r\n\u0016\u0003\u0001\n\0early");
        await client.ReadHeadAsync();
        await client.SendAsync(" and late");
        client.EndSending();
        using var host = await world.AcceptAsync();
        Assert.Equal("\u0016\u0003\u0001\n\0early and late", await host.ReadToEndAsync());
    }

    [Fact]
    public async Task Tunnel_WhenTheClientEndsItsHalf_StillCarriesTheAnswer()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.TunnelAsync();
        using var host = await world.AcceptAsync();
        await client.SendAsync("question");
        client.EndSending();
        Assert.Equal("question", await host.ReadToEndAsync());
        await host.SendAsync("answer");
        host.EndSending();
        Assert.Equal("answer", await client.ReadToEndAsync());
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("closed") == 1);
        Assert.Equal(8, stage.Metrics.BytesOut);
        Assert.Equal(6, stage.Metrics.BytesIn);
    }

    [Fact]
    public async Task Tunnel_WhenTheHostEndsItsHalf_StillCarriesWhatTheClientSends()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.TunnelAsync();
        using var host = await world.AcceptAsync();
        await host.SendAsync("banner");
        host.EndSending();
        Assert.Equal("banner", await client.ReadToEndAsync());
        await client.SendAsync("farewell");
        client.EndSending();
        Assert.Equal("farewell", await host.ReadToEndAsync());
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("closed") == 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tunnel_WhenOneSideBreaksIt_IsResetOnTheOther(bool byTheClient)
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        using var client = await stage.TunnelAsync();
        using var host = await world.AcceptAsync();
        (byTheClient ? client : host).Reset();
        Assert.True(await (byTheClient ? host : client).IsResetAsync());
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("broken") == 1);
    }

    [Fact]
    public async Task Serve_OfASocketThatCameAsAHandle_WorksAsWell()
    {
        await using var stage = new EgressStage(world.EndPoint);
        using var original = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        original.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        original.Listen();
        var handedOver = new Socket(new SafeSocketHandle(Duplicate((int)original.Handle), ownsHandle: true));
        await using var session = stage.Proxy.Serve(handedOver, new HostAllowList([EgressStage.Host]));
        using var client = world.ClientBehind((IPEndPoint)original.LocalEndPoint!);
        Assert.StartsWith("hello", await client.GetStringAsync(Url), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_OfASocketThatDoesNotListen_IsRefusedAndLeavesItToTheCaller()
    {
        await using var stage = new EgressStage();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.Throws<ArgumentException>(() => stage.Proxy.Serve(socket, new HostAllowList([EgressStage.Host])));
        Assert.False(socket.SafeHandle.IsClosed);
    }

    [Fact]
    public async Task Everything_IsLoggedAndCountedWithoutTenantsOrHosts()
    {
        await using var stage = new EgressStage(world.EndPoint);
        using (var client = world.ClientBehind(stage.EndPoint))
            await client.GetStringAsync(Url);
        await stage.RefusalAsync("CONNECT secret.example:443 HTTP/1.1\r\nX-Secret: secret\r\n\r\n");
        await stage.RefusalAsync("GET http://secret.example/ HTTP/1.1\r\n\r\n");
        await stage.RefusalAsync("CONNECT secret.example:443 secret\r\n\r\n");
        stage.Resolver.Answer();
        await stage.RefusalAsync($"CONNECT {EgressStage.Host}:443 HTTP/1.1\r\n\r\n");
        stage.Resolver.Answer("10.0.0.1");
        await stage.RefusalAsync($"CONNECT {EgressStage.Host}:443 HTTP/1.1\r\n\r\n");
        stage.Resolver.Answer(FakeResolver.PublicAddress);
        stage.Dialer.Before = _ => throw new InvalidOperationException("A fault that names secret.example.");
        await Assert.ThrowsAsync<SocketException>(() => stage.RefusalAsync($"CONNECT {EgressStage.Host}:443 HTTP/1.1\r\n\r\n"));
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("failed") == 1);
        await stage.Session.DisposeAsync();

        Assert.Contains(stage.Log.Lines, line => line.Contains("InvalidOperationException", StringComparison.Ordinal));
        Assert.True(stage.Log.Lines.Count >= 7);
        Assert.All(stage.Log.Lines.Concat(stage.Metrics.Names), text =>
        {
            Assert.DoesNotContain("secret", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(EgressStage.Host, text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("acme", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(FakeResolver.PublicAddress, text, StringComparison.Ordinal);
            Assert.DoesNotContain("10.0.0.1", text, StringComparison.Ordinal);
        });
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);
}

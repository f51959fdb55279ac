namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>Names are believed in nothing: only public addresses are dialed, each the very one that was judged.</summary>
public class EgressAddressTests
{
    private const string Request = $"CONNECT {EgressStage.Host}:443 HTTP/1.1\r\n\r\n";
    private const string Public = FakeResolver.PublicAddress;

    public static TheoryData<string> Private { get; } =
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.0.1", "224.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00::1", "fe80::1%1", "ff02::1",
    ];

    [Theory]
    [MemberData(nameof(Private))]
    public async Task Connect_OfANameThatLeadsInside_IsRefusedAndDialsNothing(string inside)
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        stage.Resolver.Answer(inside);
        EgressRefusalTests.AssertIsAnswer(await stage.RefusalAsync(Request), 403);
        Assert.Empty(stage.Dialer.Dialed);
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("not_public") == 1);
    }

    [Theory]
    [MemberData(nameof(Private))]
    public async Task Connect_OfANameThatLeadsInsideAndOutside_DialsOutsideOnly(string inside)
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        stage.Resolver.Answer(inside, Public, inside);
        using var client = await stage.TunnelAsync();
        Assert.Equal([Public], stage.Dialer.Dialed);
    }

    [Theory]
    [MemberData(nameof(Private))]
    public async Task Connect_OfANameThatLeadsInsideAndWhoseOutsideRefuses_StaysOutside(string inside)
    {
        await using var stage = new EgressStage();
        stage.Resolver.Answer(inside, Public, inside);
        EgressRefusalTests.AssertIsAnswer(await stage.RefusalAsync(Request), 502);
        Assert.Equal([Public], stage.Dialer.Dialed);
    }

    [Theory]
    [MemberData(nameof(Private))]
    public async Task Connect_OfANameThatChangesItsMind_IsLookedUpOnceEachTimeAndJudgedEachTime(string inside)
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        stage.Resolver.AnswerInTurn([Public], [inside]);
        using (await stage.TunnelAsync())
        {
            Assert.Single(stage.Resolver.Lookups);
            EgressRefusalTests.AssertIsAnswer(await stage.RefusalAsync(Request), 403);
        }
        Assert.Equal(2, stage.Resolver.Lookups.Count);
        Assert.Equal([Public], stage.Dialer.Dialed);
    }

    [Fact]
    public async Task Connect_OfANameThatLeadsNowhere_IsRefused()
    {
        await using var stage = new EgressStage();
        stage.Resolver.Answer();
        EgressRefusalTests.AssertIsAnswer(await stage.RefusalAsync(Request), 502);
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("unresolved") == 1);
    }

    [Fact]
    public async Task Connect_WhenAnAddressRefuses_TriesTheNext()
    {
        using var world = new RawWorld();
        await using var stage = new EgressStage(world.EndPoint);
        stage.Dialer.Refusing.Add("2606:4700::1");
        stage.Resolver.Answer("2606:4700::1", Public, "8.8.8.8");
        using var client = await stage.TunnelAsync();
        Assert.Equal(["2606:4700::1", Public], stage.Dialer.Dialed);
    }

    [Fact]
    public async Task Connect_WhenEveryAddressRefuses_TriesAFewAndIsRefused()
    {
        await using var stage = new EgressStage();
        stage.Resolver.Answer([.. Enumerable.Range(1, 100).Select(number => $"8.8.8.{number}")]);
        EgressRefusalTests.AssertIsAnswer(await stage.RefusalAsync(Request), 502);
        Assert.Equal(["8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4"], stage.Dialer.Dialed);
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("unreachable") == 1);
    }
}

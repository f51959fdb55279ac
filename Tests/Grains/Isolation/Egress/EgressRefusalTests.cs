using System.Globalization;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>What is refused before the world hears of it.</summary>
public class EgressRefusalTests
{
    [Theory]
    [InlineData("GET http://allowed.example/ HTTP/1.1\r\nHost: allowed.example\r\n\r\n", 405, "method_not_allowed")]
    [InlineData("GET / HTTP/1.1\r\nHost: allowed.example\r\n\r\n", 405, "method_not_allowed")]
    [InlineData("POST https://allowed.example/ HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", 405, "method_not_allowed")]
    [InlineData("connect allowed.example:443 HTTP/1.1\r\n\r\n", 405, "method_not_allowed")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405, "method_not_allowed")]
    [InlineData("CONNECT allowed.example:80 HTTP/1.1\r\n\r\n", 403, "port_not_allowed")]
    [InlineData("CONNECT allowed.example:22 HTTP/1.1\r\n\r\n", 403, "port_not_allowed")]
    [InlineData("CONNECT allowed.example:0443 HTTP/1.1\r\n\r\n", 403, "port_not_allowed")]
    [InlineData("CONNECT allowed.example:65979 HTTP/1.1\r\n\r\n", 403, "port_not_allowed")]
    [InlineData("CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT 127.0.0.1.:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT 93.184.215.14:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT 2130706433:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT 0x7f.1:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT 0177.0.0.1:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT 127.1:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT [::1]:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT [::ffff:10.0.0.1]:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT [fe80::1%eth0]:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT ::1:443 HTTP/1.1\r\n\r\n", 403, "address_not_allowed")]
    [InlineData("CONNECT other.example:443 HTTP/1.1\r\n\r\n", 403, "host_not_allowed")]
    [InlineData("CONNECT below.example:443 HTTP/1.1\r\n\r\n", 403, "host_not_allowed")]
    [InlineData("CONNECT localhost:443 HTTP/1.1\r\n\r\n", 403, "host_not_allowed")]
    [InlineData("CONNECT xallowed.example:443 HTTP/1.1\r\n\r\n", 403, "host_not_allowed")]
    [InlineData("CONNECT allowed.example.evil.example:443 HTTP/1.1\r\nHost: allowed.example:443\r\n\r\n", 403, "host_not_allowed")]
    [InlineData("CONNECT allowed.example HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example: HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT :443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:+443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:https HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example..:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT user@allowed.example:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example@evil.example:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed%2eexample:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example/:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT https://allowed.example:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT b\u00fccher.example:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT  allowed.example:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443  HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1 \r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443\tHTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData(" CONNECT allowed.example:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/2\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.2\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 http/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\n\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\nA: b\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\rA: b\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\r\n\r\n", 400, "bad_request")]
    [InlineData("\r\nCONNECT allowed.example:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example\0:443 HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\nA: \0\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\nA: \u007f\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\nno colon\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\n: no name\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\nHost : space\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\nContent-Length: 0, 5\r\n\r\n", 400, "bad_request")]
    [InlineData("CONNECT allowed.example:443 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad_request")]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001", 400, "bad_request")]
    [InlineData("\u0005\u0001\0", 400, "bad_request")]
    public async Task Connect_WithAHostileHead_IsRefusedAndReachesNothing(string head, int status, string outcome)
    {
        await using var stage = new EgressStage();
        var answer = await stage.RefusalAsync(head);
        AssertIsAnswer(answer, status);
        await EgressStage.UntilAsync(() => stage.Metrics.Connections(outcome) == 1);
        Assert.Empty(stage.Resolver.Lookups);
        Assert.Empty(stage.Dialer.Dialed);
    }

    [Fact]
    public async Task Connect_OfAHostThatIsNotAllowed_SaysSoWhereEveryClientShowsIt()
    {
        await using var stage = new EgressStage();
        var answer = await stage.RefusalAsync("CONNECT other.example:443 HTTP/1.1\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 Host not on this tenant's allow-list\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\n\r\nThe host is not on this tenant's allow-list.", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("other.example", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8192, 502)]
    [InlineData(8193, 400)]
    [InlineData(100_000, 400)]
    public async Task Connect_WithAHeadOfMoreThan8KiB_IsRefused(int length, int status)
    {
        await using var stage = new EgressStage();
        var head = $"CONNECT {EgressStage.Host}:443 HTTP/1.1\r\nPadding: ";
        AssertIsAnswer(await stage.RefusalAsync(head.PadRight(length - 4, 'x') + "\r\n\r\n"), status);
    }

    [Fact]
    public async Task Connect_WhenTheClientLeavesInTheMiddle_IsAbandoned()
    {
        await using var stage = new EgressStage();
        using (var client = await stage.ConnectAsync())
        {
            await client.SendAsync("CONNECT allo");
            client.EndSending();
            Assert.Equal("", await client.ReadToEndAsync());
        }
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("abandoned") == 1);
    }

    [Fact]
    public async Task Connect_WhenTheClientResets_IsAbandoned()
    {
        await using var stage = new EgressStage();
        using var client = await stage.ConnectAsync();
        await client.SendAsync("CONNECT allo");
        client.Reset();
        await EgressStage.UntilAsync(() => stage.Metrics.Connections("abandoned") == 1);
    }

    /// <summary>A well-formed answer, in words that are all ours.</summary>
    internal static void AssertIsAnswer(string answer, int status)
    {
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} "), answer, StringComparison.Ordinal);
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var body = answer[(end + 4)..];
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"\r\nContent-Length: {body.Length}\r\n"), answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(status == 405, answer.Contains("\r\nAllow: CONNECT\r\n", StringComparison.Ordinal));
        Assert.InRange(body.Length, 10, 256);
        Assert.DoesNotContain(EgressStage.Host, answer, StringComparison.OrdinalIgnoreCase);
    }
}

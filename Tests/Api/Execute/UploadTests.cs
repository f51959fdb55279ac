using System.Net.Sockets;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Execute;

/// <summary>Bodies that are too large, and clients that leave while they send theirs.</summary>
[Collection(ApiCollection.Name)]
public class UploadTests(ApiFixture api)
{
    private const string Message = "The body is larger than 8388608 bytes.\"}";

    [Fact]
    public async Task Execute_WhenTheAnnouncedBodyIsTooLarge_RefusesItBeforeItIsSent()
    {
        using var client = await RawClient.ConnectAsync(api.Api.Address);
        await client.SendHeadAsync($"Content-Length: {(8 << 20) + 1}");
        var answer = await client.ReceiveAsync(Message);
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_WhenABodyOfUnknownLengthGoesOnAndOn_RefusesItWhileItIsSent()
    {
        using var client = await RawClient.ConnectAsync(api.Api.Address);
        await client.SendHeadAsync("Transfer-Encoding: chunked");
        var chunk = $"10000\r\n{new string('x', 0x10000)}\r\n";
        var answer = client.ReceiveAsync(Message);
        var sending = Task.Run(async () =>
        {
            while (!answer.IsCompleted)
                await client.SendAsync(chunk);
        });
        Assert.StartsWith("HTTP/1.1 413 ", await answer, StringComparison.Ordinal);
        // Its connection may close before it notices.
        if (await Record.ExceptionAsync(() => sending) is { } fault)
            Assert.IsType<SocketException>(fault);
    }

    [Fact]
    public async Task Execute_WhenTheWholeOfABodyThatIsTooLargeIsSentFirst_StillAnswers()
    {
        using var client = await RawClient.ConnectAsync(api.Api.Address);
        await client.SendHeadAsync($"Content-Length: {20 << 20}");
        await client.SendAsync(new string('x', 20 << 20));
        Assert.StartsWith("HTTP/1.1 413 ", await client.ReceiveAsync(Message), StringComparison.Ordinal);
    }
}

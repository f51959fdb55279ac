using System.Net.Sockets;
using System.Text;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>A client that sends what no <see cref="HttpClient"/> would, byte by byte.</summary>
public sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);

    private RawClient()
    {
    }

    public static async Task<RawClient> ConnectAsync(Uri address)
    {
        var client = new RawClient();
        await client._socket.ConnectAsync(address.Host, address.Port);
        return client;
    }

    /// <summary>The head of a <c>POST /execute</c> whose body has this header.</summary>
    public Task SendHeadAsync(string bodyHeader) =>
        SendAsync($"POST /execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{bodyHeader}\r\n\r\n");

    public async Task SendAsync(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var sent = 0; sent < bytes.Length;)
            sent += await _socket.SendAsync(bytes.AsMemory(sent));
    }

    /// <summary>The answer as text, up to and with this.</summary>
    public async Task<string> ReceiveAsync(string until)
    {
        using var bound = new CancellationTokenSource(Bound);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains(until, StringComparison.Ordinal))
        {
            var count = await _socket.ReceiveAsync(buffer, bound.Token);
            if (count == 0)
                throw new InvalidOperationException($"The connection ended after: {text}");
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        return text.ToString();
    }

    /// <summary>Leaves without a word (RST), or as somebody who has nothing more to say (FIN).</summary>
    public void Leave(bool abruptly)
    {
        if (abruptly)
            _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Close();
    }

    public void Dispose() => _socket.Dispose();
}

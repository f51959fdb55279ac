using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>One end of a connection, byte by byte; every wait is bounded.</summary>
internal sealed class RawClient(Socket socket) : IDisposable
{
    public static async Task<RawClient> ConnectAsync(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        return new RawClient(socket);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await socket.SendAsync(bytes).WaitAsync(EgressStage.Bound);

    public void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>A head with its empty line, and no byte more.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append(await ReadAsync(1));
        return head.ToString();
    }

    /// <summary>Exactly as many bytes.</summary>
    public async Task<string> ReadAsync(int count)
    {
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            var received = await socket.ReceiveAsync(bytes.AsMemory(filled)).AsTask().WaitAsync(EgressStage.Bound);
            if (received == 0)
                throw new EndOfStreamException();
            filled += received;
        }
        return Encoding.Latin1.GetString(bytes);
    }

    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(EgressStage.Bound) is > 0 and var count)
            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        return text.ToString();
    }

    /// <summary>Waits until the connection is over, and says whether it was reset.</summary>
    public async Task<bool> IsResetAsync()
    {
        try
        {
            await ReadToEndAsync();
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    /// <summary>Ends it without ceremony.</summary>
    public void Reset() => socket.Close(timeout: 0);

    public void Dispose() => socket.Dispose();
}

using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>Sending on a socket whose sends may be partial.</summary>
internal static class SocketSending
{
    /// <summary>Sends all of it.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    public static async Task SendAllAsync(this Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken)..];
    }
}

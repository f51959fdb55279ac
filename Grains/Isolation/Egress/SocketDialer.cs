using System.Net;
using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>Connects from the network of the silo.</summary>
internal sealed class SocketDialer : IEgressDialer
{
    public async Task<Socket> ConnectAsync(PublicAddress address, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.Value.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address.Value, ConnectRequest.Port), cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

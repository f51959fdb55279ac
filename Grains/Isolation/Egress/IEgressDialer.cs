using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>Connects to the world, and to nothing else: it takes no address that was not checked, and no port.</summary>
internal interface IEgressDialer
{
    /// <summary>Connects to port 443 of an address. The caller owns the socket.</summary>
    /// <exception cref="SocketException">Nobody accepts the connection there.</exception>
    Task<Socket> ConnectAsync(PublicAddress address, CancellationToken cancellationToken);
}

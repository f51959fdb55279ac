using System.Net;
using System.Net.Sockets;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>A host of the world whose ends of connections the test holds.</summary>
internal sealed class RawWorld : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public RawWorld() => _listener.Start();

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public async Task<RawClient> AcceptAsync() => new(await _listener.AcceptSocketAsync().WaitAsync(EgressStage.Bound));

    public void Dispose() => _listener.Dispose();
}

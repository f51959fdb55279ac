using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Sandbox.Cluster.Grains.Isolation.Egress;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>Connects to a loopback socket that stands for the world, whatever the address; without one nobody accepts.</summary>
internal sealed class FakeDialer(IPEndPoint? world) : IEgressDialer
{
    /// <summary>The addresses that were dialed.</summary>
    public ConcurrentQueue<string> Dialed { get; } = [];

    /// <summary>Addresses that never answer.</summary>
    public HashSet<string> Silent { get; } = [];

    /// <summary>Addresses that refuse.</summary>
    public HashSet<string> Refusing { get; } = [];

    /// <summary>Runs before a connection is made.</summary>
    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    public async Task<Socket> ConnectAsync(PublicAddress address, CancellationToken cancellationToken)
    {
        var dialed = address.Value.ToString();
        Dialed.Enqueue(dialed);
        await Before(cancellationToken);
        if (Silent.Contains(dialed))
            await Task.Delay(Timeout.Infinite, cancellationToken);
        if (world is null || Refusing.Contains(dialed))
            throw new SocketException((int)SocketError.ConnectionRefused);
        var socket = new Socket(world.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(world, cancellationToken);
        return socket;
    }
}

using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>What a machine has that no context may reach: a service that speaks like Redis, on loopback and every other address.</summary>
internal sealed class HostServices : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("host-");
    private readonly List<Socket> _listeners = [];

    public HostServices()
    {
        var any = Listen(new IPEndPoint(IPAddress.IPv6Any, 0), AddressFamily.InterNetworkV6);
        var port = ((IPEndPoint)any.LocalEndPoint!).Port;
        var socket = Path.Combine(_folder.FullName, "socket");
        var name = $"of-the-host-{Guid.NewGuid():N}";
        Listen(new UnixDomainSocketEndPoint(socket), AddressFamily.Unix);
        Listen(new UnixDomainSocketEndPoint("\0" + name), AddressFamily.Unix);
        var addresses = NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses)
            .Select(one => one.Address).Where(one => !one.IsIPv6LinkLocal).Select(one => one.ToString());
        Environment = new Dictionary<string, string>
        {
            ["HOST_PORT"] = port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["HOST_ADDRESSES"] = string.Join(',', addresses),
            ["HOST_ABSTRACT"] = name,
            ["HOST_SOCKET"] = socket,
        };
    }

    /// <summary>Tells an attack where they are.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    public void Dispose()
    {
        foreach (var listener in _listeners)
            listener.Dispose();
        _folder.Delete(recursive: true);
    }

    private Socket Listen(EndPoint address, AddressFamily family)
    {
        var listener = new Socket(family, SocketType.Stream, ProtocolType.Unspecified);
        if (family == AddressFamily.InterNetworkV6)
            listener.DualMode = true;
        listener.Bind(address);
        listener.Listen();
        _listeners.Add(listener);
        _ = ServeAsync(listener);
        return listener;
    }

    private static async Task ServeAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptAsync();
                await connection.SendAsync("+PONG\r\n"u8.ToArray());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The tests are over.
        }
    }
}

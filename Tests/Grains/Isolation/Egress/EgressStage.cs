using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Isolation.Egress;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>
/// A session of the proxy on a loopback socket, wired as a silo wires it but for the names and addresses of the world, which
/// are the test's. Its clock stands still unless the test moves it.
/// </summary>
internal sealed class EgressStage : IAsyncDisposable
{
    public const string Host = "allowed.example";
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    // Each of its own length, so that WatchedTime can tell them apart.
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan RefusalPause = TimeSpan.FromMilliseconds(100);

    private readonly ServiceProvider _services;

    public EgressStage(IPEndPoint? world = null, TimeProvider? time = null, params (string Key, string Value)[] settings)
    {
        Dialer = new FakeDialer(world);
        Log = new LogCollector();
        _services = new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log))
            .AddSingleton<IConfiguration>(new ConfigurationBuilder()
                .AddInMemoryCollection([
                    new("Sandbox:Egress:Tenants:acme:0", Host),
                    new("Sandbox:Egress:Tenants:acme:1", "*.below.example"),
                    new("Sandbox:Egress:HandshakeTimeout", $"{HandshakeTimeout}"),
                    new("Sandbox:Egress:ConnectTimeout", $"{ConnectTimeout}"),
                    new("Sandbox:Egress:IdleTimeout", $"{IdleTimeout}"),
                    .. settings.Select(setting => KeyValuePair.Create($"Sandbox:Egress:{setting.Key}", (string?)setting.Value)),
                ])
                .Build())
            .AddSingleton(time ?? Time)
            .AddSingleton<IEgressResolver>(Resolver)
            .AddSingleton<IEgressDialer>(Dialer)
            .AddEgress()
            .BuildServiceProvider();
        Metrics = new EgressCounts(_services);

        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        EndPoint = (IPEndPoint)listener.LocalEndPoint!;
        Session = Proxy.Serve(listener, _services.GetRequiredService<EgressPolicy>().For("acme")!);
    }

    public WatchedTime Time { get; } = new();

    public FakeResolver Resolver { get; } = new();

    public FakeDialer Dialer { get; }

    public LogCollector Log { get; }

    public EgressCounts Metrics { get; }

    public EgressProxy Proxy => _services.GetRequiredService<EgressProxy>();

    public EgressSession Session { get; }

    public IPEndPoint EndPoint { get; }

    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(EndPoint);

    /// <summary>A client whose tunnel stands.</summary>
    public async Task<RawClient> TunnelAsync()
    {
        var client = await ConnectAsync();
        await client.SendAsync($"CONNECT {Host}:443 HTTP/1.1\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        return client;
    }

    /// <summary>The whole answer to a request that gets no tunnel.</summary>
    public async Task<string> RefusalAsync(string request)
    {
        using var client = await ConnectAsync();
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync().AsTask().WaitAsync(Bound);
        Metrics.Dispose();
        await _services.DisposeAsync();
    }

    /// <summary>Waits for a condition that nothing announces.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!condition())
        {
            bound.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

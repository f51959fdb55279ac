using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Sandbox.Cluster.Grains;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Silo.Storage.Checkpoints;
using Sandbox.Cluster.Silo.Telemetry;

namespace Sandbox.Cluster.Silo.Hosting;

/// <summary>
/// Puts a silo into a host: the <c>Silo</c> program's own, or the Api's when it embeds one. Orleans reads its providers
/// from the section <c>Orleans</c>; where that names none, the silo is alone, on loopback, with its records in files.
/// </summary>
public static class SiloHosting
{
    private const string GrainStorageKey = $"Orleans:GrainStorage:{FileGrainStorage.Name}";

    /// <summary>Adds the silo, its storage and its interpreters.</summary>
    public static IHostApplicationBuilder AddSandboxSilo(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<SiloEndpointOptions>().BindConfiguration(SiloEndpointOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<SiloOptions>().BindConfiguration(SiloOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.AddCheckpointStore();
        builder.AddAzureTables();
        if (!builder.Configuration.IsClustered())
            UseDataFolder(builder.Services);
        if (!builder.Configuration.HasProvider(GrainStorageKey))
            KeepRecordsInFiles(builder);
        // Records must be readable by the next release, so their form is pinned here and not left to a provider.
        builder.Services.AddSingleton<IGrainStorageSerializer, RecordSerializer>();
        builder.Services.AddContextGrains();
        // A silo that leaves puts its contexts to sleep (DrainTimeout), lets Orleans go and ends its launchers. Whoever ends it from
        // outside gives it longer than this.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(90));

        builder.UseOrleans(silo =>
        {
            if (builder.Configuration.IsClustered())
                Join(silo, builder.Configuration.GetSection(SiloEndpointOptions.Section).Get<SiloEndpointOptions>() ?? new SiloEndpointOptions());
            else
                BeAlone(silo);
            silo.AddContextPlacement();
            if (builder.Configuration.IsTraced())
                silo.AddActivityPropagation();
            silo.Configure<SiloMessagingOptions>(messaging => messaging.CancelRequestOnTimeout = true);
            silo.Configure<GrainCollectionOptions>(collection => collection.DeactivationTimeout = TimeSpan.FromSeconds(20));
        });
        return builder;
    }

    /// <summary>Whether Orleans is told of other silos.</summary>
    public static bool IsClustered(this IConfiguration configuration) => configuration.HasProvider("Orleans:Clustering");

    private static bool HasProvider(this IConfiguration configuration, string section) =>
        !string.IsNullOrEmpty(configuration[$"{section}:ProviderType"]);

    private static void Join(ISiloBuilder silo, SiloEndpointOptions options)
    {
        // Orleans wants it before options are validated.
        if (!IPAddress.TryParse(options.Address, out var address))
            throw new InvalidOperationException($"{SiloEndpointOptions.Section}:Address must be an IP address.");
        silo.ConfigureEndpoints(
            address, PortOr(options.SiloPort, address), PortOr(options.GatewayPort, address), listenOnAnyHostAddress: !IPAddress.IsLoopback(address));
#pragma warning disable ORLEANSEXP003 // The other directory lets healthy activations go whenever any silo leaves.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        // Two activations of a context are kept apart by the etag of its record, so nobody has to wait out a lease.
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = TimeSpan.Zero);
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(2);
            // Orleans makes it longer where answers take long: so many of the longest are what bounds how long a dead silo stays.
            membership.MaxProbeTimeout = TimeSpan.FromSeconds(3);
            membership.NumMissedProbesLimit = 3;
            membership.NumVotesForDeathDeclaration = 2;
            // Where all die at once nobody is left to declare it. So many of these later a new silo no longer insists on reaching them,
            // and among silos whose clocks differ by as much, or that cannot write for as long, one vote is enough.
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(4);
            membership.NumMissedTableIAmAliveLimit = 3;
        });
    }

    private static int PortOr(int port, IPAddress address) => port > 0 ? port : FreePort(address);

    private static void BeAlone(ISiloBuilder silo)
    {
        // No other silo and no client from outside: one port, of the system's choice, and no gateway.
        var endpoint = new IPEndPoint(IPAddress.Loopback, FreePort(IPAddress.Loopback));
        silo.UseDevelopmentClustering(endpoint);
        silo.ConfigureEndpoints(IPAddress.Loopback, endpoint.Port, gatewayPort: 0);
    }

    private static int FreePort(IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static void UseDataFolder(IServiceCollection services)
    {
        services.AddSingleton<DataDirectory>();
        services.AddHostedService(provider => provider.GetRequiredService<DataDirectory>());
    }

    private static void KeepRecordsInFiles(IHostApplicationBuilder builder)
    {
        if (builder.Configuration.IsClustered())
            throw new InvalidOperationException($"{GrainStorageKey}:ProviderType must be set in a cluster: Redis or AzureTableStorage.");
        builder.Services.AddGrainStorage(FileGrainStorage.Name, (provider, name) => new FileGrainStorage(
            provider.GetRequiredService<DataDirectory>().Folder("records")));
    }
}

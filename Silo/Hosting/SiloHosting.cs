using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;
using Sandbox.Cluster.Grains;
using Sandbox.Cluster.Silo.Storage;

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
        builder.Services.AddOptions<SiloOptions>().BindConfiguration(SiloOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        if (!HasProvider(builder, GrainStorageKey))
            KeepRecordsInFiles(builder.Services);
        builder.Services.AddContextGrains();
        // A silo that leaves waits for its executions to end; the launchers and the host come after it.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(60));

        builder.UseOrleans(silo =>
        {
            if (!HasProvider(builder, "Orleans:Clustering"))
                BeAlone(silo);
            silo.Configure<SiloMessagingOptions>(messaging => messaging.CancelRequestOnTimeout = true);
            silo.Configure<GrainCollectionOptions>(collection => collection.DeactivationTimeout = TimeSpan.FromSeconds(20));
        });
        return builder;
    }

    private static bool HasProvider(IHostApplicationBuilder builder, string section) =>
        !string.IsNullOrEmpty(builder.Configuration[$"{section}:ProviderType"]);

    private static void BeAlone(ISiloBuilder silo)
    {
        // No other silo and no client from outside: one port, of the system's choice, and no gateway.
        var endpoint = new IPEndPoint(IPAddress.Loopback, FreeLoopbackPort());
        silo.UseDevelopmentClustering(endpoint);
        silo.ConfigureEndpoints(IPAddress.Loopback, endpoint.Port, gatewayPort: 0);
    }

    private static int FreeLoopbackPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static void KeepRecordsInFiles(IServiceCollection services)
    {
        services.AddSingleton<DataDirectory>();
        services.AddHostedService(provider => provider.GetRequiredService<DataDirectory>());
        services.AddGrainStorage(FileGrainStorage.Name, (provider, name) => new FileGrainStorage(
            provider.GetRequiredService<DataDirectory>().Folder("records")));
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Sandbox.Cluster.Silo.Hosting;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Tests.Deploy.Configuration;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>Which settings the programs bind, and what they make of them: asked of the programs.</summary>
internal static class Settings
{
    private static readonly string[] Providers = ["ProviderType", "ConnectionString", "ServiceKey"];

    /// <summary>Every name that an environment variable of theirs may have.</summary>
    public static IReadOnlySet<string> Known { get; } = new HashSet<string>(
    [
        "ASPNETCORE_URLS",
        .. ConfigurationReference.Names,
        // OpenTelemetry's own, as it reads them.
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        // What a silo is called is no option of a section of its own.
        "Orleans__Name",
        $"Orleans__{nameof(ClusterOptions.ClusterId)}",
        $"Orleans__{nameof(ClusterOptions.ServiceId)}",
        .. Providers.Select(name => $"Orleans__Clustering__{name}"),
        .. Providers.Select(name => $"Orleans__GrainStorage__{FileGrainStorage.Name}__{name}"),
    ]);

    /// <summary>A silo's options of a type, with these variables.</summary>
    public static T OfASilo<T>(params (string Name, string Value)[] variables) where T : class
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(variables.ToDictionary(
            variable => variable.Name.Replace("__", ":", StringComparison.Ordinal), variable => (string?)variable.Value));
        builder.AddSandboxSilo();
        using var host = builder.Build();
        return host.Services.GetRequiredService<IOptions<T>>().Value;
    }
}

using System.Globalization;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Isolation;
using Sandbox.Cluster.Silo.Storage.Checkpoints;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>What a silo needs for its walls and its sessions, and an Api for its silos.</summary>
internal static class SiloRules
{
    public const string Profile = "sandbox-cluster/sandbox-silo.json";

    public static IEnumerable<string> FaultsOf(Manifests manifests) =>
        Walls(manifests.Silo).Concat(Grace(manifests)).Concat(Cluster(manifests)).Concat(Probes(manifests));

    /// <summary>The variables of a container that have a value in the manifest.</summary>
    public static IReadOnlyDictionary<string, string> Values(V1Deployment deployment) =>
        Variables(deployment).Where(variable => variable.Value is not null).ToDictionary(variable => variable.Name, variable => variable.Value);

    private static IList<V1EnvVar> Variables(V1Deployment deployment) => deployment.Spec.Template.Spec.Containers.Single().Env;

    private static IEnumerable<string> Walls(V1Deployment silo)
    {
        var pod = silo.Spec.Template.Spec;
        var own = pod.Containers.Single().SecurityContext;
        if (pod.HostUsers != false)
            yield return "The silo shares its users with the node.";
        if (own.ProcMount != "Unmasked")
            yield return "The silo cannot mount a /proc for a context.";
        if (own.SeccompProfile is not { Type: "Localhost", LocalhostProfile: Profile })
            yield return "The silo does not have the profile that is shipped.";
        if (!File.Exists(Path.Combine(Manifests.Root, "seccomp", Path.GetFileName(Profile))))
            yield return "The profile is not shipped.";
        if (own.AppArmorProfile?.Type != "Unconfined")
            yield return "AppArmor's default refuses the silo's mounts.";
        if (pod.SecurityContext.RunAsUser != 1000 || pod.SecurityContext.RunAsGroup != 1000)
            yield return "The silo is not the user of its image.";
        if (Values(silo).GetValueOrDefault("Sandbox__Isolation__MinimumTier") != nameof(IsolationTier.Full))
            yield return "The silo may start with fewer walls.";
    }

    private static IEnumerable<string> Grace(Manifests manifests)
    {
        var values = Values(manifests.Silo);
        var grace = TimeSpan.FromSeconds(manifests.Silo.Spec.Template.Spec.TerminationGracePeriodSeconds ?? 0);
        var shutdown = Settings.OfASilo<HostOptions>().ShutdownTimeout;
        var drain = Settings.OfASilo<ContextOptions>([.. values
            .Where(value => value.Key.StartsWith("Sandbox__Contexts__", StringComparison.Ordinal)).Select(value => (value.Key, value.Value))]).DrainTimeout;
        if (!(grace > shutdown && shutdown > drain))
            yield return $"A silo is given {grace}, its host takes {shutdown}, its sessions {drain}.";

        var api = manifests.Api.Spec.Template.Spec;
        var sleep = TimeSpan.FromSeconds(api.Containers.Single().Lifecycle?.PreStop?.Sleep?.Seconds ?? 0);
        if (sleep == TimeSpan.Zero || TimeSpan.FromSeconds(api.TerminationGracePeriodSeconds ?? 0) <= sleep + new HostOptions().ShutdownTimeout)
            yield return "An Api is ended while it answers.";
    }

    private static IEnumerable<string> Cluster(Manifests manifests)
    {
        var silo = Variables(manifests.Silo).ToDictionary(variable => variable.Name);
        var api = Variables(manifests.Api).ToDictionary(variable => variable.Name);
        foreach (var name in api.Keys.Where(name => name.StartsWith("Orleans__", StringComparison.Ordinal) || name.StartsWith("Sandbox__AzureTables", StringComparison.Ordinal)))
        {
            if (!silo.TryGetValue(name, out var other) || Text(other) != Text(api[name]))
                yield return $"Api and silo do not agree on {name}.";
        }
        foreach (var name in new[] { "Orleans__ClusterId", "Orleans__ServiceId", "Orleans__Clustering__ProviderType" })
        {
            if (!api.ContainsKey(name))
                yield return $"The Api has no {name}.";
        }
        if (!silo.ContainsKey("Orleans__GrainStorage__contexts__ProviderType"))
            yield return "The silo has no storage for records.";
        if (!silo.TryGetValue("Sandbox__Checkpoints__Store__Kind", out var kind)
            || !Enum.TryParse<CheckpointStoreKind>(kind.Value, out var parsed) || parsed == CheckpointStoreKind.Folder)
        {
            yield return "The silo has no storage for checkpoints.";
        }
        if (api.Keys.Any(name => name.StartsWith("Orleans__GrainStorage", StringComparison.Ordinal)))
            yield return "The Api would look for a silo's storage.";
        if (silo.GetValueOrDefault("Sandbox__Endpoint__Address")?.ValueFrom?.FieldRef?.FieldPath != "status.podIP")
            yield return "The silo does not know its address.";
        var ports = manifests.Silo.Spec.Template.Spec.Containers.Single().Ports.ToDictionary(port => port.Name, port => port.ContainerPort.ToString());
        if (ports.GetValueOrDefault("silo") != silo.GetValueOrDefault("Sandbox__Endpoint__SiloPort")?.Value
            || ports.GetValueOrDefault("gateway") != silo.GetValueOrDefault("Sandbox__Endpoint__GatewayPort")?.Value)
        {
            yield return "The silo listens on other ports than its manifest says.";
        }
    }

    private static IEnumerable<string> Probes(Manifests manifests)
    {
        var silo = manifests.Silo.Spec.Template.Spec.Containers.Single();
        if (silo.StartupProbe?.TcpSocket is null)
            yield return "Nobody waits for the silo's start.";
        var api = manifests.Api.Spec.Template.Spec.Containers.Single();
        if ((api.StartupProbe?.HttpGet?.Path, api.ReadinessProbe.HttpGet?.Path, api.LivenessProbe.HttpGet?.Path) is not ("/healthz", "/readyz", "/healthz"))
            yield return "The Api is probed at other paths than it serves.";
        if (!SiloRules.Values(manifests.Api).TryGetValue("ASPNETCORE_URLS", out var urls) || !urls.EndsWith($":{PortOf(api, "http")}", StringComparison.Ordinal))
            yield return "The Api listens on another port than its manifest says.";
        foreach (var deployment in new[] { manifests.Silo, manifests.Api })
        {
            var port = PortOf(deployment.Spec.Template.Spec.Containers.Single(), "metrics");
            if (!Values(deployment).TryGetValue("Sandbox__Telemetry__ManagementUrl", out var management) || management != $"http://0.0.0.0:{port}")
                yield return $"The metrics of {deployment.Metadata.Name} are served at another port than its manifest says.";
            if (deployment.Spec.Template.Metadata.Annotations?.TryGetValue("prometheus.io/port", out var scraped) != true || scraped != port)
                yield return $"The metrics of {deployment.Metadata.Name} are looked for at another port than its manifest says.";
        }
    }

    private static string? PortOf(V1Container container, string name) =>
        container.Ports.SingleOrDefault(port => port.Name == name)?.ContainerPort.ToString(CultureInfo.InvariantCulture);

    private static string Text(V1EnvVar variable) => variable.Value ?? $"{variable.ValueFrom?.SecretKeyRef?.Name}/{variable.ValueFrom?.SecretKeyRef?.Key}";
}

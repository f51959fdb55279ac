using System.Text.RegularExpressions;
using k8s.Models;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>What holds for every pod.</summary>
internal static partial class PodRules
{
    public static IEnumerable<string> FaultsOf(Workload workload)
    {
        var pod = workload.Pod;
        if (pod.AutomountServiceAccountToken != false)
            yield return $"{workload.Name} has a token.";
        if (pod.EnableServiceLinks != false)
            yield return $"{workload.Name} is told of its neighbours.";
        if (pod.HostNetwork == true || pod.HostPID == true || pod.HostIPC == true)
            yield return $"{workload.Name} is in a namespace of its node.";
        foreach (var volume in pod.Volumes ?? [])
        {
            if (volume.EmptyDir?.SizeLimit is null)
                yield return $"The volume {volume.Name} of {workload.Name} is not an empty one with a limit.";
        }
        foreach (var container in pod.Containers)
        {
            foreach (var fault in FaultsOf(workload, container))
                yield return $"{workload.Name}: {fault}";
        }
    }

    private static IEnumerable<string> FaultsOf(Workload workload, V1Container container)
    {
        var pod = workload.Pod.SecurityContext;
        var own = container.SecurityContext;
        if ((own?.RunAsNonRoot ?? pod?.RunAsNonRoot) != true || (own?.RunAsUser ?? pod?.RunAsUser) is null or 0)
            yield return "may be root.";
        if (own?.Privileged == true || own?.AllowPrivilegeEscalation != false)
            yield return "may gain privileges.";
        if (own?.Capabilities is not { Drop: ["ALL"], Add: null })
            yield return "has capabilities.";
        if (own?.ReadOnlyRootFilesystem != true)
            yield return "may write to its image.";
        if ((own?.SeccompProfile ?? pod?.SeccompProfile)?.Type is null or "Unconfined")
            yield return "may make any system call.";
        if (own?.ProcMount is not (null or "Default") && workload.Pod.HostUsers != false)
            yield return "sees all of the node's /proc; Kubernetes refuses that without users of its own.";
        foreach (var name in new[] { "cpu", "memory" })
        {
            if (container.Resources?.Limits?.ContainsKey(name) != true || !container.Resources.Requests.ContainsKey(name))
                yield return $"has no request and limit of {name}.";
        }
        if (container.Resources?.Limits is { } limits && limits.TryGetValue("memory", out var limit)
            && (!container.Resources.Requests.TryGetValue("memory", out var request) || !request.Equals(limit)))
        {
            yield return "is promised less memory than it may take.";
        }
        if (container.ReadinessProbe is null || container.LivenessProbe is null)
            yield return "has no probes.";
        foreach (var probe in new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe }.OfType<V1Probe>())
        {
            var port = probe.TcpSocket?.Port.Value ?? probe.HttpGet?.Port.Value;
            if (container.Ports.All(candidate => candidate.Name != port))
                yield return $"is probed at a port that it does not have: {port}.";
        }
        foreach (var mount in container.VolumeMounts ?? [])
        {
            // A claim's name is a volume's as well.
            if (workload.Pod.Volumes is { } volumes && volumes.All(volume => volume.Name != mount.Name))
                yield return $"mounts a volume that does not exist: {mount.Name}.";
        }
        // Placeholders can be pulled from nowhere: names that end in `.invalid` are reserved for that.
        if (!DigestPattern().IsMatch(container.Image) && container.ImagePullPolicy != "Never" && !IsOfTheDevelopmentOverlay(container))
            yield return $"has an image without a digest: {container.Image}.";
        if (container.Image.EndsWith(NoDigest, StringComparison.Ordinal) && !container.Image.StartsWith("registry.invalid/", StringComparison.Ordinal))
            yield return $"has a placeholder for a digest, and a registry that may be asked for it: {container.Image}.";
        foreach (var variable in container.Env ?? [])
        {
            if (workload.Name != "redis" && !Settings.Known.Contains(variable.Name))
                yield return $"has a setting that nobody reads: {variable.Name}.";
            if (variable.Value is { } text && SecretPattern().IsMatch(text))
                yield return $"has a secret in plain sight: {variable.Name}.";
            if ((variable.Value is null) == (variable.ValueFrom is null))
                yield return $"has a setting without a value, or with two: {variable.Name}.";
        }
        foreach (var twice in (container.Env ?? []).GroupBy(variable => variable.Name).Where(group => group.Count() > 1))
            yield return $"has a setting twice: {twice.Key}.";
    }

    private const string NoDigest = "@sha256:0000000000000000000000000000000000000000000000000000000000000000";

    private static bool IsOfTheDevelopmentOverlay(V1Container container) => container is { Name: "redis", Image: "redis:7.2-bookworm" };

    [GeneratedRegex(@"^[a-z0-9.-]+(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$")]
    private static partial Regex DigestPattern();

    [GeneratedRegex(@"password=|AccountKey=|SharedAccess|[?&]sig=|://[^/]*:[^/]*@", RegexOptions.IgnoreCase)]
    private static partial Regex SecretPattern();
}

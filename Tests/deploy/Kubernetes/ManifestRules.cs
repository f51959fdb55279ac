using k8s.Models;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>What holds for every overlay. Each rule says what is wrong, a sentence for each fault.</summary>
internal static class ManifestRules
{
    public static IReadOnlyList<string> FaultsOf(Manifests manifests) =>
    [
        .. Names(manifests),
        .. Selectors(manifests),
        .. manifests.Workloads.SelectMany(PodRules.FaultsOf),
        .. SiloRules.FaultsOf(manifests),
        .. Availability(manifests),
        .. NetworkRules.FaultsOf(manifests),
    ];

    private static IEnumerable<string> Names(Manifests manifests)
    {
        foreach (var resource in manifests.All.Where(resource => resource is not V1Namespace && resource.Namespace() != "sandbox-cluster"))
            yield return $"{resource.Kind} {resource.Name()} is in the namespace {resource.Namespace()}.";
        foreach (var twice in manifests.All.GroupBy(resource => (resource.Kind, resource.Name())).Where(group => group.Count() > 1))
            yield return $"{twice.Key} exists twice.";
        var accounts = manifests.Of<V1ServiceAccount>().ToList();
        foreach (var account in accounts.Where(account => account.AutomountServiceAccountToken != false))
            yield return $"ServiceAccount {account.Name()} hands out a token.";
        foreach (var workload in manifests.Workloads)
        {
            if (workload.Pod.ServiceAccountName is { } name && accounts.All(account => account.Name() != name))
                yield return $"{workload.Name} has an account that does not exist: {name}.";
        }
    }

    private static IEnumerable<string> Selectors(Manifests manifests)
    {
        foreach (var workload in manifests.Workloads)
        {
            if (workload.Selector.MatchLabels is not { Count: > 0 } labels || !workload.IsSelectedBy(labels))
                yield return $"The selector of {workload.Name} does not select its own pods.";
            if (manifests.Workloads.Any(other => other != workload && other.IsSelectedBy(workload.Selector.MatchLabels)))
                yield return $"The selector of {workload.Name} selects somebody else's pods.";
            if (workload.Metadata.Labels is null || !workload.Selector.MatchLabels!.All(workload.Metadata.Labels.Contains))
                yield return $"{workload.Name} does not have the labels of its pods.";
            foreach (var spread in workload.Pod.TopologySpreadConstraints ?? [])
            {
                if (!workload.IsSelectedBy(spread.LabelSelector?.MatchLabels))
                    yield return $"{workload.Name} spreads pods that are not its own.";
            }
        }
        foreach (var service in manifests.Of<V1Service>())
        {
            var behind = manifests.Workloads.Where(workload => workload.IsSelectedBy(service.Spec.Selector)).ToList();
            if (service.Spec.Selector is not { Count: > 0 } || behind.Count != 1)
                yield return $"Service {service.Name()} selects {behind.Count} workloads.";
            else if (!service.Spec.Ports.All(port => behind[0].Pod.Containers.Any(container => container.Ports.Any(own => own.Name == port.TargetPort?.Value))))
                yield return $"Service {service.Name()} leads to a port that {behind[0].Name} does not have.";
            if (service.Spec.Type is not (null or "ClusterIP"))
                yield return $"Service {service.Name()} can be reached from outside.";
        }
    }

    private static IEnumerable<string> Availability(Manifests manifests)
    {
        foreach (var deployment in manifests.Of<V1Deployment>())
        {
            var rolling = deployment.Spec.Strategy?.RollingUpdate;
            if (rolling?.MaxUnavailable?.Value != "0" || rolling.MaxSurge?.Value is null or "0")
                yield return $"A rollout of {deployment.Name()} takes pods away before their successors are there.";
            var budgets = manifests.Of<V1PodDisruptionBudget>()
                .Where(budget => budget.Spec.Selector.MatchLabels.ToHashSet().SetEquals(deployment.Spec.Selector.MatchLabels)).ToList();
            if (budgets.Count != 1 || budgets[0].Spec.MaxUnavailable?.Value != "1")
                yield return $"{deployment.Name()} has no budget of one disruption at a time.";
            var scalers = manifests.Of<V2HorizontalPodAutoscaler>().Count(scaler =>
                scaler.Spec.ScaleTargetRef is { ApiVersion: "apps/v1", Kind: "Deployment" } target && target.Name == deployment.Name());
            if (scalers + (deployment.Spec.Replicas is null ? 0 : 1) != 1)
                yield return $"The number of replicas of {deployment.Name()} has {scalers} autoscalers and {deployment.Spec.Replicas?.ToString() ?? "no number"}.";
        }
        foreach (var scaler in manifests.Of<V2HorizontalPodAutoscaler>())
        {
            if (manifests.Of<V1Deployment>().All(deployment => deployment.Name() != scaler.Spec.ScaleTargetRef.Name))
                yield return $"Autoscaler {scaler.Name()} scales nothing.";
            if (scaler.Spec.MinReplicas is null or < 2 || scaler.Spec.MaxReplicas < scaler.Spec.MinReplicas)
                yield return $"Autoscaler {scaler.Name()} allows fewer than two.";
            if (scaler.Spec.Metrics.All(metric => metric.Pods?.Metric.Name != "sandbox_contexts"))
                yield return $"Autoscaler {scaler.Name()} does not go by sessions.";
        }
    }
}

using System.Net;
using k8s.Models;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>Everything is closed, what has to be open is, and no block of addresses opens what is private.</summary>
internal static class NetworkRules
{
    private static readonly IPAddress[] Closed =
    [
        .. new[] { "0.0.0.1", "10.0.0.1", "10.255.255.255", "100.64.0.1", "127.0.0.1", "169.254.169.254", "168.63.129.16", "172.16.0.1", "172.31.255.255",
            "192.168.0.1", "198.18.0.1", "224.0.0.1", "::1", "fd00::1", "fe80::1", "64:ff9b::a00:1", "2002:a00:1::", "2001::1", "fd00:ec2::254" }
        .Select(IPAddress.Parse),
    ];

    public static IEnumerable<string> FaultsOf(Manifests manifests)
    {
        var policies = manifests.Policies;
        if (!policies.Any(policy => policy.Spec.PodSelector?.MatchLabels is null or { Count: 0 }
            && policy.Spec.PolicyTypes.ToHashSet().SetEquals(["Ingress", "Egress"]) && policy.Spec.Ingress is null && policy.Spec.Egress is null))
        {
            yield return "No policy closes everything.";
        }
        foreach (var policy in policies)
        {
            foreach (var fault in FaultsOf(manifests, policy))
                yield return $"NetworkPolicy {policy.Name()} {fault}";
        }
        foreach (var workload in manifests.Workloads)
        {
            foreach (var port in workload.Pod.Containers.SelectMany(container => container.Ports))
            {
                if (!policies.Any(policy => workload.IsSelectedBy(policy.Spec.PodSelector?.MatchLabels)
                    && (policy.Spec.Ingress ?? []).Any(rule => Has(rule.Ports, port.ContainerPort))))
                {
                    yield return $"Nobody reaches {workload.Name} at {port.ContainerPort}.";
                }
            }
        }
        foreach (var (from, to, port) in new[] { ("silo", "silo", 11111), ("api", "silo", 30000) })
        {
            if (!Leads(manifests, from, to, port))
                yield return $"No way leads from {from} to {to} at {port}.";
        }
        if (Leads(manifests, "silo", "api", 8080))
            yield return "A silo reaches Apis.";
    }

    private static IEnumerable<string> FaultsOf(Manifests manifests, V1NetworkPolicy policy)
    {
        if (policy.Spec.PodSelector?.MatchLabels is { Count: > 0 } labels && !manifests.Workloads.Any(workload => workload.IsSelectedBy(labels)))
            yield return "is about no pod.";
        var peers = (policy.Spec.Egress ?? []).Select(rule => (rule.To, rule.Ports))
            .Concat((policy.Spec.Ingress ?? []).Select(rule => (To: rule.FromProperty, rule.Ports)));
        foreach (var (to, ports) in peers)
        {
            if (to is not { Count: > 0 } || ports is not { Count: > 0 })
                yield return "opens every address or every port.";
            foreach (var peer in to ?? [])
            {
                if (peer.IpBlock is null && (peer.PodSelector ?? peer.NamespaceSelector)?.MatchLabels is not { Count: > 0 })
                    yield return "opens everybody.";
                if (peer is { IpBlock: null, NamespaceSelector: null } && !manifests.Workloads.Any(workload => workload.IsSelectedBy(peer.PodSelector?.MatchLabels)))
                    yield return "opens a way to or from no pod.";
                if (peer.IpBlock is { } block && Closed.Where(address => Opens(block, address)).ToList() is { Count: > 0 } open)
                    yield return $"opens what is not public: {string.Join(", ", open)}.";
                if (peer.IpBlock is not null && ports is not [{ Port.Value: "443" }])
                    yield return "opens more than port 443 to the world.";
            }
        }
    }

    private static bool Leads(Manifests manifests, string from, string to, int port)
    {
        var source = manifests.Workloads.Single(workload => workload.Name == from);
        var target = manifests.Workloads.Single(workload => workload.Name == to);
        return manifests.Policies.Any(policy => source.IsSelectedBy(policy.Spec.PodSelector?.MatchLabels) && (policy.Spec.Egress ?? []).Any(
                rule => Has(rule.Ports, port) && (rule.To ?? []).Any(peer => IsOf(peer, target))))
            && manifests.Policies.Any(policy => target.IsSelectedBy(policy.Spec.PodSelector?.MatchLabels) && (policy.Spec.Ingress ?? []).Any(
                rule => Has(rule.Ports, port) && (rule.FromProperty ?? []).Any(peer => IsOf(peer, source))));
    }

    private static bool IsOf(V1NetworkPolicyPeer peer, Workload workload) =>
        peer is { NamespaceSelector: null, PodSelector: { } pods } && workload.IsSelectedBy(pods.MatchLabels);

    private static bool Has(IList<V1NetworkPolicyPort>? ports, int port) => ports?.Any(candidate => candidate.Port.Value == port.ToString()) ?? false;

    private static bool Opens(V1IPBlock block, IPAddress address) =>
        IPNetwork.Parse(block.Cidr).Contains(address) && !(block.Except ?? []).Any(except => IPNetwork.Parse(except).Contains(address));
}

using System.Globalization;
using System.Text.Json.Nodes;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>
/// One change of what an overlay renders to, and a part of what has to be said of it. <c>Resource</c>: kind and name. <c>Path</c>: members
/// and indexes with <c>/</c> between them. <c>Value</c>: as JSON; null: the member is taken away.
/// </summary>
internal sealed record Mutant(string Overlay, string Resource, string Path, string? Value, string Fault)
{
    public string Name => $"{Overlay} {Resource} {Path} = {Value ?? "nothing"}";

    public void Change(IReadOnlyList<JsonObject> rendered)
    {
        JsonNode node = rendered.Single(resource => $"{resource["kind"]}/{resource["metadata"]!["name"]}" == Resource);
        var steps = Path.Split('/').Select(step => step.Replace('~', '/')).ToArray();
        foreach (var step in steps[..^1])
            node = node is JsonArray list ? list[Index(step)]! : node[step]!;
        var value = Value is null ? null : JsonNode.Parse(Value);
        if (node is JsonArray items)
        {
            if (value is null)
                items.RemoveAt(Index(steps[^1]));
            else
                items[Index(steps[^1])] = value;
        }
        else if (value is null)
        {
            if (!node.AsObject().Remove(steps[^1]))
                throw new InvalidOperationException($"{Name}: nothing to take away.");
        }
        else
        {
            node[steps[^1]] = value;
        }
    }

    private static int Index(string step) => int.Parse(step, CultureInfo.InvariantCulture);
}

/// <summary>The mutants, each of which a rule has to catch.</summary>
internal static class Mutants
{
    private const string Silo = "Deployment/silo";
    private const string Api = "Deployment/api";
    private const string Pod = "spec/template/spec/";
    private const string Container = Pod + "containers/0/";

    public static Mutant[] All { get; } =
    [
        new("production", Silo, "spec/template/metadata/labels/app.kubernetes.io~component", "\"silos\"", "does not select its own pods"),
        new("production", Silo, "spec/selector/matchLabels", """{"app.kubernetes.io/name": "sandbox-cluster"}""", "selects somebody else's pods"),
        new("production", "Service/api", "spec/selector/app.kubernetes.io~component", "\"silo\"", "leads to a port"),
        new("production", "Service/api", "spec/type", "\"LoadBalancer\"", "can be reached from outside"),
        new("production", "Service/api", "metadata/namespace", "\"default\"", "is in the namespace default"),
        new("production", "ServiceAccount/silo", "automountServiceAccountToken", null, "hands out a token"),
        new("production", Silo, Pod + "automountServiceAccountToken", "true", "has a token"),
        new("production", Silo, Pod + "serviceAccountName", "\"silos\"", "an account that does not exist"),
        new("production", Silo, Pod + "hostUsers", null, "shares its users"),
        new("production", Silo, Pod + "hostUsers", "true", "sees all of the node's /proc"),
        new("production", Silo, Pod + "hostNetwork", "true", "in a namespace of its node"),
        new("production", Silo, Pod + "securityContext/runAsNonRoot", null, "may be root"),
        new("production", Silo, Pod + "securityContext/runAsUser", "0", "may be root"),
        new("production", Silo, Container + "securityContext/allowPrivilegeEscalation", "true", "may gain privileges"),
        new("production", Silo, Container + "securityContext/capabilities/add", """["SYS_ADMIN"]""", "has capabilities"),
        new("production", Silo, Container + "securityContext/readOnlyRootFilesystem", "false", "may write to its image"),
        new("production", Silo, Container + "securityContext/procMount", null, "cannot mount a /proc"),
        new("production", Silo, Container + "securityContext/seccompProfile/localhostProfile", "\"sandbox-cluster/other.json\"", "the profile that is shipped"),
        new("production", Silo, Container + "securityContext/seccompProfile", """{"type": "Unconfined"}""", "any system call"),
        new("production", Silo, Container + "securityContext/appArmorProfile", null, "AppArmor"),
        new("production", Silo, Pod + "terminationGracePeriodSeconds", "90", "A silo is given"),
        new("production", Api, Pod + "terminationGracePeriodSeconds", "35", "ended while it answers"),
        new("production", Api, Container + "lifecycle", null, "ended while it answers"),
        new("production", Silo, Container + "resources/limits/memory", null, "no request and limit of memory"),
        new("production", Silo, Container + "resources/requests/memory", "\"1Gi\"", "promised less memory"),
        new("production", Api, Container + "resources/limits/cpu", null, "no request and limit of cpu"),
        new("production", Api, Container + "image", "\"ghcr.io/sandbox/api:latest\"", "an image without a digest"),
        new("dev", Silo, Container + "imagePullPolicy", "\"IfNotPresent\"", "an image without a digest"),
        new("production", Api, Container + "image", "\"ghcr.io/sandbox/api@sha256:0000000000000000000000000000000000000000000000000000000000000000\"", "a placeholder for a digest"),
        new("production", Silo, Container + "env/2/name", "\"Sandbox__Endpoint__Ports\"", "a setting that nobody reads"),
        new("production", Silo, Container + "env/1/valueFrom/fieldRef/fieldPath", "\"status.hostIP\"", "does not know its address"),
        new("production", Silo, Container + "env/2/value", "\"11112\"", "listens on other ports"),
        new("dev", Api, Container + "env/6/value", "\"redis:6379,password=1\"", "a secret in plain sight"),
        new("dev", Api, Container + "env/6/value", "\"other:6379\"", "do not agree on Orleans__Clustering__ConnectionString"),
        new("azure", Api, Container + "env/1/value", "\"other\"", "do not agree on Orleans__ClusterId"),
        new("production", Silo, Container + "ports/2/containerPort", "9465", "are served at another port"),
        new("production", Api, "spec/template/metadata/annotations/prometheus.io~port", "\"8080\"", "are looked for at another port"),
        new("azure", Silo, Container + "startupProbe", null, "waits for the silo's start"),
        new("azure", Silo, Container + "livenessProbe/tcpSocket/port", "\"http\"", "a port that it does not have"),
        new("azure", Api, Container + "readinessProbe/httpGet/path", "\"/ready\"", "probed at other paths"),
        new("azure", Silo, Container + "volumeMounts/0/name", "\"temporary\"", "a volume that does not exist"),
        new("azure", Silo, Pod + "volumes/0", """{"name": "tmp", "hostPath": {"path": "/tmp"}}""", "not an empty one"),
        new("production", Silo, "spec/strategy/rollingUpdate/maxUnavailable", "1", "before their successors are there"),
        new("production", Silo, "spec/replicas", "3", "number of replicas"),
        new("production", "PodDisruptionBudget/silo", "spec/maxUnavailable", "3", "no budget"),
        new("production", "HorizontalPodAutoscaler/silo", "spec/scaleTargetRef/name", "\"silos\"", "scales nothing"),
        new("production", "HorizontalPodAutoscaler/silo", "spec/metrics/0", null, "does not go by sessions"),
        new("production", "NetworkPolicy/nothing", "spec/policyTypes", """["Ingress"]""", "closes everything"),
        new("production", "NetworkPolicy/silo", "spec/ingress/1/ports/0/port", "30001", "Nobody reaches silo at 30000"),
        new("production", "NetworkPolicy/silo", "spec/ingress/1/from", null, "opens every address"),
        new("production", "NetworkPolicy/api", "spec/egress/0/to/0/podSelector/matchLabels/app.kubernetes.io~component", "\"silos\"", "No way leads from api to silo"),
        new("production", "NetworkPolicy/telemetry", "spec/podSelector/matchLabels/app.kubernetes.io~name", "\"sandbox\"", "is about no pod"),
        new("azure", "NetworkPolicy/storage", "spec/egress/0/to/0/ipBlock/except/4", null, "169.254.169.254"),
        new("azure", "NetworkPolicy/storage", "spec/egress/0/to/1/ipBlock/cidr", "\"::/0\"", "fd00:ec2::254"),
        new("azure", "NetworkPolicy/storage", "spec/egress/0/ports/0/port", "80", "more than port 443"),
    ];
}

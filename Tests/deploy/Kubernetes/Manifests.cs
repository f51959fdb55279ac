using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>What an overlay renders to, as the types of Kubernetes' own client: a member that they do not have is refused.</summary>
internal sealed class Manifests
{
    private static readonly JsonSerializerOptions Strict = new() { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    private static readonly Dictionary<string, Type> Types = new()
    {
        ["v1 Namespace"] = typeof(V1Namespace),
        ["v1 Service"] = typeof(V1Service),
        ["v1 ServiceAccount"] = typeof(V1ServiceAccount),
        ["apps/v1 Deployment"] = typeof(V1Deployment),
        ["apps/v1 StatefulSet"] = typeof(V1StatefulSet),
        ["autoscaling/v2 HorizontalPodAutoscaler"] = typeof(V2HorizontalPodAutoscaler),
        ["networking.k8s.io/v1 NetworkPolicy"] = typeof(V1NetworkPolicy),
        ["policy/v1 PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
    };

    private readonly List<object> _objects;

    public Manifests(IEnumerable<JsonObject> rendered) => _objects = [.. rendered.Select(Load)];

    public static string Root { get; } = Path.Combine(Repository.Root, "deploy", "kubernetes");

    public static string[] Overlays { get; } = [.. Directory.GetDirectories(Path.Combine(Root, "overlays")).Select(path => Path.GetFileName(path)!).Order()];

    public IEnumerable<IKubernetesObject<V1ObjectMeta>> All => _objects.Cast<IKubernetesObject<V1ObjectMeta>>();

    public IReadOnlyList<V1NetworkPolicy> Policies => [.. _objects.OfType<V1NetworkPolicy>()];

    public IReadOnlyList<Workload> Workloads =>
    [
        .. Of<V1Deployment>().Select(deployment => new Workload(deployment.Metadata, deployment.Spec.Selector, deployment.Spec.Template)),
        .. Of<V1StatefulSet>().Select(set => new Workload(set.Metadata, set.Spec.Selector, set.Spec.Template)),
    ];

    public V1Deployment Silo => Of<V1Deployment>().Single(deployment => deployment.Name() == "silo");

    public V1Deployment Api => Of<V1Deployment>().Single(deployment => deployment.Name() == "api");

    public IEnumerable<T> Of<T>() => _objects.OfType<T>();

    public static string Folder(string overlay) => Path.Combine(Root, "overlays", overlay);

    public static Manifests Of(string overlay) => new(Kustomize.Render(Folder(overlay)));

    private static object Load(JsonObject rendered) =>
        Types.TryGetValue($"{rendered["apiVersion"]} {rendered["kind"]}", out var type)
            ? rendered.Deserialize(type, Strict)!
            : throw new JsonException($"A kind that nobody checks: {rendered["apiVersion"]} {rendered["kind"]}.");
}

/// <summary>Something that makes pods.</summary>
internal sealed record Workload(V1ObjectMeta Metadata, V1LabelSelector Selector, V1PodTemplateSpec Template)
{
    public string Name => Metadata.Name;

    public V1PodSpec Pod => Template.Spec;

    public IReadOnlyDictionary<string, string> Labels => new Dictionary<string, string>(Template.Metadata.Labels);

    public bool IsSelectedBy(IEnumerable<KeyValuePair<string, string>>? labels) =>
        labels?.All(label => Labels.TryGetValue(label.Key, out var value) && value == label.Value) ?? true;
}

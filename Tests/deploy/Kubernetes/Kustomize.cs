using System.Text.Json.Nodes;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>
/// As much of Kustomize as the overlays use: resources, strategic merge patches, images and a namespace. Whatever else a
/// kustomization says is refused. That it renders as kubectl does is a test of its own.
/// </summary>
internal static class Kustomize
{
    private static readonly HashSet<string> Understood = ["apiVersion", "kind", "namespace", "resources", "patches", "images"];

    // What Kubernetes merges items of a list by; other lists are replaced.
    private static readonly Dictionary<string, string> MergeKeys = new()
    {
        ["containers"] = "name",
        ["env"] = "name",
        ["volumes"] = "name",
        ["volumeMounts"] = "mountPath",
        ["ports"] = "containerPort",
    };

    public static IReadOnlyList<JsonObject> Render(string folder)
    {
        var kustomization = Yaml.Read(Path.Combine(folder, "kustomization.yaml")).Single();
        if (kustomization.Select(member => member.Key).Except(Understood).ToList() is { Count: > 0 } unknown)
            throw new InvalidOperationException($"{folder}: not understood: {string.Join(", ", unknown)}.");
        var objects = Items(kustomization, "resources").SelectMany(path => Resources(Path.Combine(folder, (string)path!))).ToList();
        foreach (var path in Items(kustomization, "patches"))
        {
            foreach (var patch in Yaml.Read(Path.Combine(folder, (string)path!["path"]!)))
                Patch(objects.Single(target => Identity(target) == Identity(patch)), patch);
        }
        foreach (var image in Items(kustomization, "images"))
            Rename(objects, (JsonObject)image!);
        if ((string?)kustomization["namespace"] is { } name)
        {
            foreach (var resource in objects.Where(resource => (string?)resource["kind"] != "Namespace"))
                resource["metadata"]!["namespace"] = name;
        }
        return objects;
    }

    private static IEnumerable<JsonObject> Resources(string path) => Directory.Exists(path) ? Render(path) : Yaml.Read(path);

    private static JsonArray Items(JsonObject parent, string name) => parent[name] as JsonArray ?? [];

    private static string Identity(JsonObject resource) => $"{resource["apiVersion"]} {resource["kind"]} {resource["metadata"]!["name"]}";

    private static void Patch(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
                target.Remove(name);
            else if (value is JsonObject members && target[name] is JsonObject inner)
                Patch(inner, members);
            else if (value is JsonArray items && target[name] is JsonArray list && MergeKeys.TryGetValue(name, out var key))
                Merge(list, items, key);
            else
                target[name] = value.DeepClone();
        }
    }

    private static void Merge(JsonArray list, JsonArray items, string key)
    {
        foreach (var item in items)
        {
            if (list.FirstOrDefault(candidate => JsonNode.DeepEquals(candidate![key], item![key])) is JsonObject target)
                Patch(target, (JsonObject)item!);
            else
                list.Add(item!.DeepClone());
        }
    }

    private static void Rename(List<JsonObject> objects, JsonObject image)
    {
        var containers = objects.SelectMany(resource => resource["spec"]?["template"]?["spec"]?["containers"] as JsonArray ?? []);
        foreach (var container in containers.Where(container => Name((string)container!["image"]!) == (string?)image["name"]))
        {
            var name = (string?)image["newName"] ?? (string?)image["name"];
            container!["image"] = (string?)image["digest"] is { } digest ? $"{name}@{digest}" : $"{name}:{image["newTag"]}";
        }
    }

    private static string Name(string image) => image.Split('@')[0].Split(':')[0];
}

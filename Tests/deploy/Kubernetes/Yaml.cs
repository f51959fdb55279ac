using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>YAML as JSON, by the rules that kubectl and Compose read it by; a key that stands twice is refused.</summary>
internal static class Yaml
{
    private const string Merge = "<<";

    public static IReadOnlyList<JsonObject> Read(string path)
    {
        var stream = new YamlStream();
        using var text = File.OpenText(path);
        stream.Load(text);
        return [.. stream.Documents.Select(document => (JsonObject)ToJson(document.RootNode)!)];
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode mapping => ToJson(mapping),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: var text } => Plain(text ?? ""),
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidOperationException($"A {node.NodeType} has no meaning here."),
    };

    private static JsonObject ToJson(YamlMappingNode mapping)
    {
        var result = new JsonObject();
        foreach (var (key, value) in mapping)
        {
            if (key.ToString() != Merge)
                result.Add(key.ToString(), ToJson(value));
        }
        if (mapping.Children.TryGetValue(Merge, out var merged))
        {
            foreach (var (name, value) in (JsonObject)ToJson(merged)!)
                result.TryAdd(name, value?.DeepClone());
        }
        return result;
    }

    private static JsonNode? Plain(string text) => text switch
    {
        "" or "~" or "null" => null,
        "true" => true,
        "false" => false,
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => text,
    };
}

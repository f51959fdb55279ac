using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>Holds real answers against the committed document, which another test holds against the service's own.</summary>
internal static class OpenApiContract
{
    public static string CommittedCopy { get; } = Path.Combine(Repository.Root, "deploy", "docs", "openapi.json");

    private static readonly JsonObject Document = JsonNode.Parse(File.ReadAllText(CommittedCopy))!.AsObject();

    private static readonly ConcurrentDictionary<(string Operation, string Body), JsonSchema> Schemas = new();

    /// <summary>Every operation as <c>method /path</c>.</summary>
    public static IEnumerable<string> Operations => Document["paths"]!.AsObject()
        .SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key} {path.Key}"));

    /// <summary>Fails unless the document has this answer, its body and its headers.</summary>
    /// <param name="operation"><c>method /path</c>, as the document has it.</param>
    /// <param name="answer">What came.</param>
    /// <param name="body">Its body.</param>
    public static void AssertAnswer(string operation, HttpResponseMessage answer, JsonElement body)
    {
        var status = ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var described = Find(operation)["responses"]?[status];
        Assert.True(described is not null, $"The document has no {status} for {operation}.");
        AssertBody(operation, $"responses/{status}/content/application~1json/schema", body);
        foreach (var (name, _) in described["headers"]?.AsObject() ?? [])
        {
            // Of what has no state yet, and of an address without credentials or limits, some are absent.
            if (name is "Execution-Id" or "WWW-Authenticate" || (name == "Retry-After" && answer.StatusCode == HttpStatusCode.TooManyRequests))
                Assert.True(answer.Headers.Contains(name), $"{operation} answered {status} without {name}.");
        }
        foreach (var (name, _) in answer.Headers.Where(header => header.Key.StartsWith("Context-", StringComparison.Ordinal) || header.Key == "Execution-Id"))
            Assert.True(described["headers"]?[name] is not null, $"The document has no {name} for {operation} {status}.");
    }

    /// <summary>Fails unless a body is as the document says.</summary>
    /// <param name="operation"><c>method /path</c>.</param>
    /// <param name="body">Where in the operation its schema stands, as a JSON pointer.</param>
    /// <param name="value">The body.</param>
    public static void AssertBody(string operation, string body, JsonElement value)
    {
        var results = Schemas.GetOrAdd((operation, body), key => SchemaOf(key.Operation, key.Body))
            .Evaluate(value, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(results.IsValid, $"{operation} {body}: {JsonSerializer.Serialize(results)}\n{value.GetRawText()}");
    }

    private static JsonObject Find(string operation)
    {
        var (method, path) = (operation.Split(' ')[0], operation.Split(' ')[1]);
        return Document["paths"]?[path]?[method]?.AsObject() ?? throw new InvalidOperationException($"The document has no {operation}.");
    }

    private static JsonSchema SchemaOf(string operation, string body)
    {
        JsonNode? at = Find(operation);
        foreach (var step in body.Split('/'))
            at = at?[step.Replace("~1", "/", StringComparison.Ordinal)];
        var schema = at?.DeepClone().AsObject() ?? throw new InvalidOperationException($"The document has no {body} for {operation}.");
        schema["$defs"] = Document["components"]!["schemas"]!.DeepClone();
        Close(schema);
        return JsonSchema.FromText(schema.ToJsonString());
    }

    /// <summary>A client has to bear with members that it does not know; the service must not have any that the document does not.</summary>
    private static void Close(JsonNode? node)
    {
        if (node is JsonObject schema)
        {
            if (schema["properties"] is JsonObject)
                schema.TryAdd("additionalProperties", false);
            if (schema["$ref"] is JsonValue reference)
                schema["$ref"] = ((string)reference!).Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal);
            foreach (var (_, member) in schema.ToList())
                Close(member);
        }
        else if (node is JsonArray list)
        {
            foreach (var item in list)
                Close(item);
        }
    }
}

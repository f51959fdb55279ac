using System.Runtime.InteropServices;
using System.Text.Json;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>Writes a rich item as the contract has it: a member for each MIME type that has one, the others below <c>extra</c>.</summary>
internal static class ItemJson
{
    // The protocol stops at 200 levels; the values are copied, never read here.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 256 };

    public static void WriteMembers(Utf8JsonWriter json, OutputItem item)
    {
        json.WriteBoolean("is_primary"u8, item.IsPrimary);

        using var data = JsonDocument.Parse(item.Data, Options);
        var extra = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (var representation in data.RootElement.EnumerateObject())
        {
            if (MemberOf(representation) is not { } member)
                extra[representation.Name] = representation.Value;
            else if (written.Add(member))
                WriteRaw(json, member, representation.Value);
        }

        if (extra.Count > 0)
        {
            json.WriteStartObject("extra"u8);
            foreach (var (type, value) in extra)
                WriteRaw(json, type, value);
            json.WriteEndObject();
        }
    }

    private static string? MemberOf(JsonProperty representation) => representation.Name switch
    {
        "text/plain" => "text",
        "text/html" => "html",
        "text/markdown" => "markdown",
        "image/svg+xml" => "svg",
        "image/png" => "png",
        "image/jpeg" => "jpeg",
        "application/pdf" => "pdf",
        "text/latex" => "latex",
        "application/javascript" => "javascript",
        "application/json" when representation.Value.ValueKind == JsonValueKind.Object => "json",
        _ => null,
    };

    private static void WriteRaw(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        // Checked as JSON when it came from the interpreter.
        json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
    }
}

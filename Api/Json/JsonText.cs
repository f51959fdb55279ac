using System.Text.Json;

namespace Sandbox.Cluster.Api.Json;

/// <summary>Reads text of a client's JSON, which may hold what no UTF-16 can: that shows only when it is read.</summary>
internal static class JsonText
{
    /// <summary>The string, or null for a surrogate without its pair.</summary>
    public static string? StringOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The member's name, or null for a surrogate without its pair.</summary>
    public static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The kind of a value, in a client's words.</summary>
    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null; leave the member out instead",
    };
}

using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Json;

/// <summary>Reads members that are objects of string to string.</summary>
internal static class StringMapReader
{
    /// <summary>Null when the member is not there, or is no object.</summary>
    /// <param name="members">Those of the body.</param>
    /// <param name="field">The member's name.</param>
    /// <param name="maxCount">Entries it may have.</param>
    /// <param name="maxBytes">Bytes of UTF-8 that its names and values may have together.</param>
    /// <param name="faultOf">What is wrong with a name and a value, each null where it is no Unicode text; null for nothing.</param>
    /// <param name="faults">Gets what is wrong.</param>
    public static Dictionary<string, string>? Read(
        Dictionary<string, JsonElement> members, string field, int maxCount, int maxBytes, Func<string?, string?, string?> faultOf, List<FieldError> faults)
    {
        if (!members.TryGetValue(field, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new FieldError(field, $"must be an object of strings, not {JsonText.Describe(value)}"));
            return null;
        }

        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        // One fault a rule, however often it is broken: there may be thousands of entries.
        var broken = new SortedSet<string>(StringComparer.Ordinal);
        var count = 0;
        var bytes = 0L;
        foreach (var member in value.EnumerateObject())
        {
            var name = JsonText.NameOf(member);
            var text = member.Value.ValueKind == JsonValueKind.String ? JsonText.StringOf(member.Value) : null;
            count++;
            bytes += Encoding.UTF8.GetByteCount(name ?? "") + Encoding.UTF8.GetByteCount(text ?? "");
            if (faultOf(name, text) is { } fault)
                broken.Add(fault);
            else if (!map.TryAdd(name!, text!))
                broken.Add("must not hold a name more than once");
        }
        if (count > maxCount)
            broken.Add($"must not have more than {maxCount} entries");
        if (bytes > maxBytes)
            broken.Add($"must not be larger than {maxBytes} bytes");

        faults.AddRange(broken.Select(fault => new FieldError(field, fault)));
        return map;
    }
}

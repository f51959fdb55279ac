using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Creation;

/// <summary>Reads the member <c>metadata</c>: an object of string to string, which comes back with every description of the context.</summary>
internal static class MetadataReader
{
    /// <summary>Entries it may have.</summary>
    public const int MaxCount = 32;

    /// <summary>Bytes of UTF-8 that its names and values may have together: a page of a hundred contexts stays below a megabyte.</summary>
    public const int MaxBytes = 8 << 10;

    private const string Field = "metadata";

    public static Dictionary<string, string>? Read(Dictionary<string, JsonElement> members, List<FieldError> faults)
    {
        if (!members.TryGetValue(Field, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new FieldError(Field, $"must be an object of strings, not {JsonText.Describe(value)}"));
            return null;
        }
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        // One fault a rule, however often it is broken.
        var broken = new SortedSet<string>(StringComparer.Ordinal);
        var count = 0;
        var bytes = 0L;
        foreach (var member in value.EnumerateObject())
        {
            var name = JsonText.NameOf(member);
            var text = member.Value.ValueKind == JsonValueKind.String ? JsonText.StringOf(member.Value) : null;
            count++;
            bytes += Encoding.UTF8.GetByteCount(name ?? "") + Encoding.UTF8.GetByteCount(text ?? "");
            if (name is null || text is null)
                broken.Add("names and values must be strings of Unicode text");
            else if (!metadata.TryAdd(name, text))
                broken.Add("must not hold a name more than once");
        }
        if (count > MaxCount)
            broken.Add($"must not have more than {MaxCount} entries");
        if (bytes > MaxBytes)
            broken.Add($"must not be larger than {MaxBytes} bytes");
        faults.AddRange(broken.Select(fault => new FieldError(Field, fault)));
        return metadata;
    }
}

using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>Reads the member <c>env_vars</c>: an object of string to string.</summary>
internal static partial class EnvironmentVariablesReader
{
    /// <summary>Entries it may have.</summary>
    public const int MaxCount = 256;

    /// <summary>Bytes of UTF-8 that its names and values may have together.</summary>
    public const int MaxBytes = 64 << 10;

    private const string Field = "env_vars";

    public static Dictionary<string, string>? Read(Dictionary<string, JsonElement> members, List<FieldError> faults)
    {
        if (!members.TryGetValue(Field, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new FieldError(Field, $"must be an object of strings, not {JsonText.Describe(value)}"));
            return null;
        }

        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        // One fault a rule, however often it is broken: there may be thousands of entries.
        var broken = new SortedSet<string>(StringComparer.Ordinal);
        var count = 0;
        var bytes = 0L;
        foreach (var variable in value.EnumerateObject())
        {
            var name = JsonText.NameOf(variable);
            var text = variable.Value.ValueKind == JsonValueKind.String ? JsonText.StringOf(variable.Value) : null;
            count++;
            bytes += Encoding.UTF8.GetByteCount(name ?? "") + Encoding.UTF8.GetByteCount(text ?? "");
            if (FaultOf(name, text) is { } fault)
                broken.Add(fault);
            else if (!environment.TryAdd(name!, text!))
                broken.Add("must not hold a name more than once");
        }
        if (count > MaxCount)
            broken.Add($"must not have more than {MaxCount} entries");
        if (bytes > MaxBytes)
            broken.Add($"must not be larger than {MaxBytes} bytes");

        faults.AddRange(broken.Select(fault => new FieldError(Field, fault)));
        return environment;
    }

    private static string? FaultOf(string? name, string? text)
    {
        if (name is null || !NamePattern().IsMatch(name))
            return "names must begin with a letter or underscore and go on with letters, digits and underscores";
        if (text is null)
            return "values must be strings of Unicode text";
        return text.Contains('\0', StringComparison.Ordinal)
            ? "values must not hold the character U+0000, which no environment can hold"
            : null;
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}

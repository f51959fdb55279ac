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

    public static Dictionary<string, string>? Read(Dictionary<string, JsonElement> members, List<FieldError> faults) =>
        StringMapReader.Read(members, "env_vars", MaxCount, MaxBytes, FaultOf, faults);

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

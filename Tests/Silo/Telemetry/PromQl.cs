using System.Text.RegularExpressions;

namespace Sandbox.Cluster.Tests.Silo.Telemetry;

/// <summary>What a query asks for: the names of its metrics, and the labels that each is asked to have.</summary>
internal static partial class PromQl
{
    private static readonly HashSet<string> Words =
        ["and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "inf", "nan"];

    /// <summary>Each metric with the labels of its own selector.</summary>
    public static IEnumerable<(string Name, IReadOnlyList<string> Labels)> MetricsOf(string query) =>
        NamePattern().Matches(GroupingPattern().Replace(DurationPattern().Replace(query, ""), " "))
            .Where(name => !name.Groups[3].Success && !Words.Contains(name.Groups[1].Value))
            .Select(name => (name.Groups[1].Value, (IReadOnlyList<string>)[.. MatcherPattern().Matches(name.Groups[2].Value).Select(label => label.Groups[1].Value)]));

    /// <summary>The labels that results are grouped by, or matched on.</summary>
    public static IEnumerable<string> GroupingsOf(string query) =>
        GroupingPattern().Matches(query).SelectMany(grouping => grouping.Groups[1].Value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex(@"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")]
    private static partial Regex GroupingPattern();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex DurationPattern();

    /// <summary>A name, its selector if it has one, and the bracket that makes it a function.</summary>
    [GeneratedRegex(@"(?<![\w""$.])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?\s*(\()?")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"(\w+)\s*(?:=~|!~|!=|=)")]
    private static partial Regex MatcherPattern();
}

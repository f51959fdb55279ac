using System.Text.RegularExpressions;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>What <c>GET /metrics</c> gave, in Prometheus' text format.</summary>
internal sealed partial class MetricsText(string text)
{
    public string Text => text;

    /// <summary>The labels of each series' name; all that were seen.</summary>
    public IReadOnlyDictionary<string, IReadOnlySet<string>> Names { get; } = SamplePattern().Matches(text)
        .GroupBy(sample => sample.Groups[1].Value)
        .ToDictionary(group => group.Key, group => (IReadOnlySet<string>)group
            .SelectMany(sample => LabelPattern().Matches(sample.Groups[2].Value).Select(label => label.Groups[1].Value)).ToHashSet());

    /// <summary>The sum of a name's series that have these labels, each as <c>name="value"</c>; null when there is none.</summary>
    public double? Sum(string name, params string[] labels)
    {
        var values = SamplePattern().Matches(text)
            .Where(sample => sample.Groups[1].Value == name && Array.TrueForAll(labels, label => sample.Groups[2].Value.Contains(label, StringComparison.Ordinal)))
            .Select(sample => double.Parse(sample.Groups[3].Value, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        return values.Count > 0 ? values.Sum() : null;
    }

    /// <summary>Where a program's log says that its metrics are.</summary>
    public static Uri AddressIn(string log) => new(AddressPattern().Match(log).Groups[1].Value);

    [GeneratedRegex(@"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", RegexOptions.Multiline)]
    private static partial Regex SamplePattern();

    [GeneratedRegex(@"(\w+)=""(?:[^""\\]|\\.)*""")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"Metrics at (\S+)")]
    private static partial Regex AddressPattern();
}

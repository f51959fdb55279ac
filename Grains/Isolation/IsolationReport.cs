using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Cluster.Grains.Isolation;

/// <summary>What walls a machine has, found out by putting each of them up.</summary>
/// <param name="Tier">The best tier.</param>
/// <param name="Limits">Who keeps the limits in that tier.</param>
/// <param name="Missing">What better ones lack: the name of the tier, or <c>cgroup</c>, to the reason.</param>
public sealed record IsolationReport(IsolationTier Tier, LimitKeeper Limits, IReadOnlyDictionary<string, string> Missing)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Reads what <c>launcher.py --probe</c> prints.</summary>
    /// <exception cref="JsonException">It is no report.</exception>
    public static IsolationReport Parse(string json) =>
        JsonSerializer.Deserialize<IsolationReport>(json, Json) ?? throw new JsonException("The report is empty.");

    /// <summary>What the options insist on and this machine lacks, as one sentence each; empty when it has all.</summary>
    public IReadOnlyList<string> FaultsOf(IsolationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = new List<string>();
        if (Tier < options.MinimumTier)
            faults.Add($"This machine offers the isolation tier {Name(Tier)}, and {IsolationOptions.Section}:{nameof(options.MinimumTier)} is {Name(options.MinimumTier)}. Missing: {Reasons}");
        if (Limits < options.MinimumLimits)
            faults.Add($"Limits would be kept by {Name(Limits)}, and {IsolationOptions.Section}:{nameof(options.MinimumLimits)} is {Name(options.MinimumLimits)}. Missing: {Reasons}");
        return faults;
    }

    /// <summary>Everything that is missing, in one line; <c>nothing</c> when that is so.</summary>
    public string Reasons => Missing.Count == 0
        ? "nothing"
        : string.Join("; ", Missing.OrderBy(missing => missing.Key, StringComparer.Ordinal).Select(missing => $"{missing.Key}: {missing.Value}"));

    /// <summary>As the report and the metrics write it.</summary>
    internal static string Name<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

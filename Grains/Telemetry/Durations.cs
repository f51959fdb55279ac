using System.Diagnostics.Metrics;

namespace Sandbox.Cluster.Grains.Telemetry;

/// <summary>Histograms of seconds: from what a warm call takes to the longest that code may run.</summary>
public static class Durations
{
    /// <summary>Upper bounds of the buckets, in seconds.</summary>
    public static IReadOnlyList<double> Bounds { get; } =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

    /// <summary>A histogram of seconds with those buckets.</summary>
    internal static Histogram<double> CreateDurations(this Meter meter, string name, string description) => meter.CreateHistogram(
        name, "s", description, tags: null, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Bounds });
}

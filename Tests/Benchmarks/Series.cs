using System.Diagnostics;
using System.Globalization;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>Durations of one thing, in milliseconds.</summary>
internal sealed class Series(string name)
{
    private readonly List<double> _milliseconds = [];

    public async Task TimeAsync(Func<Task> once)
    {
        var started = Stopwatch.GetTimestamp();
        await once();
        lock (_milliseconds)
            _milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    public override string ToString()
    {
        var sorted = _milliseconds.Order().ToArray();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-44} p50 {Quantile(sorted, 0.5),7:0.000} ms   p99 {Quantile(sorted, 0.99),7:0.000} ms   n {sorted.Length}");
    }

    private static double Quantile(double[] sorted, double q) => sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * q))];
}

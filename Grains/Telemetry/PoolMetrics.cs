using System.Diagnostics.Metrics;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Telemetry;

/// <summary>Counts launchers and the interpreters that wait warm in them, in the meter <c>Sandbox.Cluster</c>.</summary>
internal sealed class PoolMetrics
{
    private static readonly KeyValuePair<string, object?> Warm = Tags.Of("result", "warm");
    private static readonly KeyValuePair<string, object?> Cold = Tags.Of("result", "cold");

    private readonly Counter<long> _takes;
    private readonly Counter<long> _deaths;
    private readonly Meter _meter;

    public PoolMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(Metrics.MeterName);
        _takes = _meter.CreateCounter<long>("sandbox.pool.takes", "{interpreter}", "Interpreters that contexts took, by whether one was waiting: cold is a miss.");
        _deaths = _meter.CreateCounter<long>("sandbox.launcher.deaths", "{launcher}", "Launchers that ended and took the interpreters of their language with them.");
    }

    /// <summary>Tells how many wait in each launcher, whenever somebody asks.</summary>
    public void Observe(Func<IEnumerable<(Language Language, int Waiting)>> waiting) => _meter.CreateObservableUpDownCounter(
        "sandbox.pool.size",
        () => waiting().Select(launcher => new Measurement<long>(launcher.Waiting, Tags.Of(launcher.Language))),
        "{interpreter}",
        "Interpreters that wait warm.");

    /// <summary>Begins every series.</summary>
    public void BeginAtZero()
    {
        foreach (var language in Enum.GetValues<Language>())
        {
            _takes.Add(0, Tags.Of(language), Warm);
            _takes.Add(0, Tags.Of(language), Cold);
            _deaths.Add(0, Tags.Of(language));
        }
    }

    /// <summary>A context took one.</summary>
    public void CountTake(Language language, bool wasWaiting) =>
        _takes.Add(1, Tags.Of(language), wasWaiting ? Warm : Cold);

    /// <summary>A launcher died.</summary>
    public void CountDeath(Language language) => _deaths.Add(1, Tags.Of(language));
}

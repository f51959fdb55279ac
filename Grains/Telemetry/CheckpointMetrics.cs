using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Telemetry;

/// <summary>Counts checkpoints on their way to the store and back, in the meter <c>Sandbox.Cluster</c>.</summary>
internal sealed class CheckpointMetrics
{
    private readonly Histogram<double> _durations;
    private readonly Histogram<double> _pauses;
    private readonly Counter<long> _bytes;

    public CheckpointMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Metrics.MeterName);
        _durations = meter.CreateDurations(
            "sandbox.checkpoint.duration", "Checkpoints that were saved to the store, or fetched from it, and those that were not: its count is their number.");
        _pauses = meter.CreateDurations("sandbox.checkpoint.pause", "For how long sessions stood still to be saved.");
        _bytes = meter.CreateCounter<long>("sandbox.checkpoint.bytes", "By", "Bytes of checkpoints, compressed, that the store took or gave.");
    }

    /// <summary>One is being saved.</summary>
    public Passage BeginSave() => new(this, "save", Traces.StartAlone("save_checkpoint"));

    /// <summary>One is being fetched.</summary>
    public Passage BeginFetch() => new(this, "fetch", Traces.Start("fetch_checkpoint"));

    /// <summary>A session stood still while it was saved.</summary>
    public void Paused(Language language, TimeSpan time) => _pauses.Record(time.TotalSeconds, Tags.Of(language));

    /// <summary>One checkpoint's way. What nobody says the end of has failed.</summary>
    internal sealed class Passage(CheckpointMetrics metrics, string operation, Activity? span) : IDisposable
    {
        private readonly long _began = Stopwatch.GetTimestamp();
        private string? _error = "failed";

        /// <summary>It is there.</summary>
        public void Succeed(long bytes)
        {
            _error = null;
            metrics._bytes.Add(bytes, Tags.Of("operation", operation));
        }

        /// <summary>There was none to be had now: the session is asked again later.</summary>
        public void BeNone() => _error = "none";

        public void Dispose()
        {
            metrics._durations.Record(
                Stopwatch.GetElapsedTime(_began).TotalSeconds, Tags.Of("operation", operation), Tags.Of("outcome", _error ?? "ok"));
            span.End(_error);
        }
    }
}

using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Telemetry;

/// <summary>The start of a context's interpreter, from the decision to its hello. One that nobody says the end of has failed.</summary>
internal sealed class ContextStart : IDisposable
{
    private readonly Histogram<double> _durations;
    private readonly Language _language;
    private readonly string _from;
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Activity? _span;
    private string _outcome = "failed";

    public ContextStart(Histogram<double> durations, Language language, bool isRestored)
    {
        _durations = durations;
        _language = language;
        _from = isRestored ? "checkpoint" : "nothing";
        _span = Traces.Start("start_context");
    }

    /// <summary>It has an interpreter, unless what it was to begin with is lost.</summary>
    public ContextState End(ContextState found)
    {
        _outcome = found == ContextState.Lost ? "lost" : "ok";
        return found;
    }

    public void Dispose()
    {
        _durations.Record(Stopwatch.GetElapsedTime(_began).TotalSeconds, Tags.Of(_language), Tags.Of("from", _from), Tags.Of("outcome", _outcome));
        _span?.SetTag("sandbox.language", Tags.NameOf(_language)).SetTag("sandbox.from", _from);
        _span.End(_outcome == "ok" ? null : _outcome);
    }
}

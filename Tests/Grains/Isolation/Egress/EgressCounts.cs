using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>What the meter of one service provider has counted, as <c>instrument{tag=value}</c>.</summary>
internal sealed class EgressCounts : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public EgressCounts(IServiceProvider services)
    {
        var scope = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == scope && instrument.Meter.Name == "Sandbox.Cluster")
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var labels = string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
            _counts.AddOrUpdate($"{instrument.Name}{{{labels}}}", value, (_, count) => count + value);
        });
        _listener.Start();
    }

    public IEnumerable<string> Names => _counts.Keys;

    public long Connections(string outcome) => Of($"sandbox.egress.connections{{outcome={outcome}}}");

    public long BytesOut => Of("sandbox.egress.bytes{direction=out}");

    public long BytesIn => Of("sandbox.egress.bytes{direction=in}");

    public void Dispose() => _listener.Dispose();

    private long Of(string name) => _counts.GetValueOrDefault(name);
}

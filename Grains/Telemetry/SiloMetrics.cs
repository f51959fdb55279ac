using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Sandbox.Cluster.Grains.Capacity;
using Sandbox.Cluster.Grains.Isolation.Egress;

namespace Sandbox.Cluster.Grains.Telemetry;

/// <summary>Tells how loaded this silo is, as it tells the others, in the meter <c>Sandbox.Cluster</c>.</summary>
internal sealed class SiloMetrics(
    IMeterFactory meters, SiloSlots slots, ContextMetrics contexts, PoolMetrics pool, EgressMetrics egress) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = meters.Create(Metrics.MeterName);
        meter.CreateObservableUpDownCounter("sandbox.silo.slots", Slots, "{context}", "Contexts that this silo has activated, and those that it has room for besides.");
        meter.CreateObservableGauge("sandbox.silo.ready", () => slots.Load.IsReady ? 1 : 0, description: "1 as long as an interpreter of every language could be started.");
        meter.CreateObservableGauge("sandbox.silo.draining", () => slots.Load.IsLeaving ? 1 : 0, description: "1 while this silo shuts down.");
        // The first of a kind would otherwise begin its series, and be no increase.
        contexts.BeginAtZero();
        pool.BeginAtZero();
        egress.BeginAtZero();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<long>> Slots()
    {
        var load = slots.Load;
        yield return new Measurement<long>(load.Live, Tags.Of("state", "used"));
        yield return new Measurement<long>(Math.Max(0, load.Max - load.Live), Tags.Of("state", "free"));
    }
}

using System.Diagnostics.Metrics;
using System.Text.Json;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains;

namespace Sandbox.Cluster.Api.Telemetry;

/// <summary>Counts the refusals that a later try may not meet, in the meter <c>Sandbox.Cluster</c>.</summary>
internal sealed class RefusalMetrics(IMeterFactory meters) : IHostedService
{
    private readonly Counter<long> _refusals = meters.Create(Metrics.MeterName).CreateCounter<long>(
        "sandbox.refusals", "{refusal}", "Calls that were refused with 429 or 503, by reason.");

    /// <summary>A call was refused.</summary>
    public void Count(TryLaterReason reason) => Add(1, reason);

    /// <summary>At zero: the first of a kind would otherwise begin its series, and be no increase.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var reason in Enum.GetValues<TryLaterReason>())
            Add(0, reason);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Add(int count, TryLaterReason reason) => _refusals.Add(
        count, new KeyValuePair<string, object?>("reason", JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString())));
}

using System.Diagnostics.Metrics;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>
/// Counts what passes, in the meter <c>Sandbox.Cluster</c>. Tags come from closed vocabularies: no tenant, no host.
/// </summary>
internal sealed class EgressMetrics
{
    private readonly Counter<long> _connections;
    private readonly Counter<long> _bytes;

    public EgressMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Metrics.MeterName);
        _connections = meter.CreateCounter<long>(
            "sandbox.egress.connections", "{connection}", "Connections of user code to the egress proxy that ended, by outcome.");
        _bytes = meter.CreateCounter<long>(
            "sandbox.egress.bytes", "By", "Bytes that tunnels of user code carried, by direction.");
    }

    /// <summary>Begins every series.</summary>
    public void BeginAtZero()
    {
        foreach (var outcome in Enum.GetValues<EgressOutcome>())
            _connections.Add(0, new KeyValuePair<string, object?>("outcome", TagOf(outcome)));
        _bytes.Add(0, new KeyValuePair<string, object?>("direction", "out"));
        _bytes.Add(0, new KeyValuePair<string, object?>("direction", "in"));
    }

    public void CountConnection(EgressOutcome outcome) => _connections.Add(1, new KeyValuePair<string, object?>("outcome", TagOf(outcome)));

    public void CountBytes(EgressDirection direction, int bytes)
    {
        if (bytes > 0)
            _bytes.Add(bytes, new KeyValuePair<string, object?>("direction", direction == EgressDirection.Out ? "out" : "in"));
    }

    private static string TagOf(EgressOutcome outcome) => outcome switch
    {
        EgressOutcome.Closed => "closed",
        EgressOutcome.Broken => "broken",
        EgressOutcome.Idle => "idle",
        EgressOutcome.ContextEnded => "context_ended",
        EgressOutcome.Abandoned => "abandoned",
        EgressOutcome.Failed => "failed",
        EgressOutcome.BadRequest => "bad_request",
        EgressOutcome.MethodNotAllowed => "method_not_allowed",
        EgressOutcome.PortNotAllowed => "port_not_allowed",
        EgressOutcome.AddressNotAllowed => "address_not_allowed",
        EgressOutcome.HostNotAllowed => "host_not_allowed",
        EgressOutcome.NotPublic => "not_public",
        EgressOutcome.RequestTimeout => "request_timeout",
        EgressOutcome.Unresolved => "unresolved",
        EgressOutcome.Unreachable => "unreachable",
        EgressOutcome.ConnectTimeout => "connect_timeout",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, null),
    };
}

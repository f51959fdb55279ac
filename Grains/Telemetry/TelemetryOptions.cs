namespace Sandbox.Cluster.Grains.Telemetry;

/// <summary>
/// What a program tells of itself, and to whom. Configuration section <c>Sandbox:Telemetry</c>. Traces and metrics are pushed by OTLP
/// where OpenTelemetry's own variable <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to.
/// </summary>
public sealed class TelemetryOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Telemetry";

    /// <summary>
    /// The management port, such as <c>http://0.0.0.0:9464</c>: <c>GET /metrics</c> in Prometheus' format, and nothing of what tenants
    /// call; port 0 is a free one, which the log names. Null: there is none.
    /// </summary>
    public string? ManagementUrl { get; set; }

    /// <summary>
    /// Whether metrics of executions and their spans name the tenant. Each tenant then has time series of its own. Off: nothing that is
    /// exported tells who called.
    /// </summary>
    public bool TenantIds { get; set; }
}

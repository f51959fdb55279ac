using OpenTelemetry.Trace;

namespace Sandbox.Cluster.Api.Telemetry;

/// <summary>What an Api traces besides its calls to grains.</summary>
internal static class ApiTelemetry
{
    /// <summary>Requests, but not those of whoever asks again and again whether it lives.</summary>
    public static void TraceRequests(TracerProviderBuilder tracing) => tracing.AddAspNetCoreInstrumentation(requests =>
        requests.Filter = http => !http.Request.Path.StartsWithSegments("/healthz") && !http.Request.Path.StartsWithSegments("/readyz"));
}

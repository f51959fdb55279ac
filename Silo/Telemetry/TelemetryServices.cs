using System.Net;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Sandbox.Cluster.Grains;
using Sandbox.Cluster.Grains.Telemetry;

namespace Sandbox.Cluster.Silo.Telemetry;

/// <summary>
/// What a program exports: metrics on a management port, metrics and traces by OTLP, each where it is configured. Where neither is,
/// nothing listens, and what would be measured is not.
/// </summary>
public static class TelemetryServices
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ServiceName = "OTEL_SERVICE_NAME";

    // What Orleans does for a call: the call itself, its record, the activation that it may need.
    private static readonly string[] Sources =
        [Traces.SourceName, "Microsoft.Orleans.Application", "Microsoft.Orleans.Lifecycle", "Microsoft.Orleans.Storage"];

    /// <summary>Whether traces are wanted.</summary>
    public static bool IsTraced(this IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return !string.IsNullOrEmpty(configuration[OtlpEndpoint]);
    }

    /// <summary>
    /// Adds it. Call it first: hosted services stop in reverse order, and how a program shuts down is worth telling.
    /// </summary>
    /// <param name="builder">The program.</param>
    /// <param name="service">What it is called, unless <c>OTEL_SERVICE_NAME</c> says otherwise.</param>
    /// <param name="traces">What else it traces.</param>
    public static IHostApplicationBuilder AddTelemetry(
        this IHostApplicationBuilder builder, string service, Action<TracerProviderBuilder>? traces = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<TelemetryOptions>().BindConfiguration(TelemetryOptions.Section)
            .Validate(
                options => options.ManagementUrl is null || EndpointOf(options) is not null,
                $"{TelemetryOptions.Section}:ManagementUrl must be http:// with an IP address and a port, such as http://127.0.0.1:9464.")
            .ValidateOnStart();
        var isManaged = !string.IsNullOrEmpty(builder.Configuration[$"{TelemetryOptions.Section}:{nameof(TelemetryOptions.ManagementUrl)}"]);
        var isTraced = builder.Configuration.IsTraced();
        if (!isManaged && !isTraced)
            return builder;

        var telemetry = builder.Services.AddOpenTelemetry();
        if (string.IsNullOrEmpty(builder.Configuration[ServiceName]))
            telemetry.ConfigureResource(resource => resource.AddService(service, serviceInstanceId: Environment.MachineName));
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(Metrics.MeterName, "Microsoft.AspNetCore.Hosting", "System.Runtime");
            // Requests take as long as what they run.
            metrics.AddView("http.server.request.duration", new ExplicitBucketHistogramConfiguration { Boundaries = [.. Durations.Bounds] });
            if (isManaged)
                metrics.AddPrometheusExporter(exporter => exporter.ScopeInfoEnabled = false);
            if (isTraced)
                metrics.AddOtlpExporter();
        });
        if (isTraced)
        {
            telemetry.WithTracing(tracing =>
            {
                tracing.AddSource(Sources);
                traces?.Invoke(tracing);
                // Before the exporter, which takes what is left.
                tracing.AddProcessor(new KnownTags());
                tracing.AddOtlpExporter();
            });
        }
        if (isManaged)
            builder.Services.AddHostedService<ManagementServer>();
        return builder;
    }

    /// <summary>Where the management port is; null where the option names no such thing.</summary>
    internal static IPEndPoint? EndpointOf(TelemetryOptions options) =>
        Uri.TryCreate(options.ManagementUrl, UriKind.Absolute, out var url) && url is { Scheme: "http", PathAndQuery: "/" }
        && IPAddress.TryParse(url.DnsSafeHost, out var address)
            ? new IPEndPoint(address, url.Port)
            : null;
}

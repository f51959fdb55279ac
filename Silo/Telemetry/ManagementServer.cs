using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using Sandbox.Cluster.Grains.Telemetry;

namespace Sandbox.Cluster.Silo.Telemetry;

/// <summary>
/// The management port: a server of its own, so that a silo, which serves no HTTP otherwise, has one, and an Api's tenants do not reach
/// it.
/// </summary>
internal sealed partial class ManagementServer(
    IOptions<TelemetryOptions> options, MeterProvider meters, ILogger<ManagementServer> logger) : IHostedService, IAsyncDisposable
{
    private WebApplication? _server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Empty: nothing of the program's own settings, its addresses least of all.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(TelemetryServices.EndpointOf(options.Value)!);
        });
        builder.Services.AddRoutingCore();
        _server = builder.Build();
        _server.MapPrometheusScrapingEndpoint("/metrics", meters, configureBranchedPipeline: null, optionsName: null).DisableHttpMetrics();
        await _server.StartAsync(cancellationToken);
        var address = _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        LogListening(logger, address);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "Metrics at {Address}/metrics")]
    private static partial void LogListening(ILogger logger, string address);
}

using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Silo.Telemetry;

/// <summary>What is exported, and above all what is not.</summary>
[Collection(WorkloadCollection.Name)]
public sealed class ExportTests(Workload workload)
{
    [Fact]
    public async Task WhatTenantsWrote_IsNowhereInWhatIsExported()
    {
        // The last of what happened has been pushed.
        await Eventually.UntilAsync(() => workload.Collector.Spans.Any(span => span.Attributes.GetValueOrDefault("error.type") == "context_quota"));
        var metrics = (await workload.ScrapeAsync()).Text;
        var pushed = workload.Collector.Text;
        // They are what they are taken for: all of it, and searched in a form in which it would be found.
        Assert.Contains("sandbox_execution_duration_seconds_bucket", metrics, StringComparison.Ordinal);
        Assert.All(
            (string[])["sandbox.execution.duration", "execute_tool python", "execute_tool typescript", "PUT /contexts/{contextId}/files/{**path}"],
            text => Assert.Contains(text, pushed, StringComparison.Ordinal));
        Assert.DoesNotContain(workload.Mark, metrics, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(workload.Mark, pushed, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task WithoutTheOption_NothingThatIsExportedNamesATenant()
    {
        var metrics = await workload.ScrapeAsync();
        Assert.DoesNotContain("tenant", metrics.Names.Values.SelectMany(labels => labels));
        Assert.DoesNotContain("sandbox.tenant", workload.Collector.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sandbox_contexts", "state=\"idle\"", "language=\"typescript\"", "tier=")]
    [InlineData("sandbox_context_start_duration_seconds_count", "from=\"nothing\"", "outcome=\"ok\"", "language=\"python\"")]
    [InlineData("sandbox_context_start_duration_seconds_count", "from=\"checkpoint\"", "outcome=\"ok\"", "language=\"python\"")]
    [InlineData("sandbox_context_breaks_total", "outcome=\"lost\"", "language=\"python\"")]
    [InlineData("sandbox_context_breaks_total", "outcome=\"rolled_back\"", "language=\"python\"")]
    [InlineData("sandbox_execution_duration_seconds_count", "outcome=\"ok\"", "language=\"typescript\"")]
    [InlineData("sandbox_execution_duration_seconds_count", "outcome=\"raised\"")]
    [InlineData("sandbox_execution_duration_seconds_count", "outcome=\"timed_out\"")]
    [InlineData("sandbox_execution_duration_seconds_count", "outcome=\"interpreter_exited\"")]
    [InlineData("sandbox_execution_queue_duration_seconds_count", "language=\"python\"")]
    [InlineData("sandbox_interrupts_total", "rung=\"ask\"")]
    [InlineData("sandbox_interpreter_deaths_total", "cause=\"exited\"", "language=\"python\"")]
    [InlineData("sandbox_checkpoint_duration_seconds_count", "operation=\"fetch\"", "outcome=\"ok\"")]
    [InlineData("sandbox_checkpoint_pause_seconds_count", "language=\"python\"")]
    [InlineData("sandbox_checkpoint_bytes_total", "operation=\"save\"")]
    [InlineData("sandbox_pool_takes_total", "result=\"warm\"", "language=\"python\"")]
    [InlineData("sandbox_refusals_total", "reason=\"context_quota\"")]
    [InlineData("sandbox_egress_connections_total", "outcome=\"host_not_allowed\"")]
    [InlineData("sandbox_silo_slots", "state=\"used\"")]
    [InlineData("sandbox_silo_slots", "state=\"free\"")]
    [InlineData("sandbox_silo_ready")]
    [InlineData("sandbox_isolation", "tier=\"full\"")]
    [InlineData("http_server_request_duration_seconds_count", "http_route=\"/execute\"", "http_response_status_code=\"429\"")]
    public async Task WhatHappened_IsCounted(string name, params string[] labels) =>
        await workload.UntilAsync(metrics => metrics.Sum(name, labels) > 0);

    [Theory]
    [InlineData("sandbox_launcher_deaths_total")]
    [InlineData("sandbox_silo_draining")]
    [InlineData("sandbox_egress_bytes_total")]
    [InlineData("sandbox_refusals_total", "reason=\"cluster_full\"")]
    public async Task WhatHasNotHappened_IsZero(string name, params string[] labels) =>
        Assert.Equal(0, (await workload.ScrapeAsync()).Sum(name, labels));

    [Fact]
    public async Task DurationsHaveBucketsFromAMillisecondToAnHour()
    {
        var metrics = await workload.ScrapeAsync();
        Assert.All(
            (string[])
            [
                "sandbox_execution_duration_seconds_bucket", "sandbox_checkpoint_duration_seconds_bucket",
                "sandbox_checkpoint_pause_seconds_bucket", "http_server_request_duration_seconds_bucket",
            ],
            name => Assert.NotNull(metrics.Sum(name, "le=\"0.001\"") + metrics.Sum(name, "le=\"3600\"")));
    }

    [Fact]
    public async Task TheManagementPort_IsNotTheApis()
    {
        var management = MetricsText.AddressIn(workload.Api.Log);
        Assert.NotEqual(workload.Api.Address.Port, management.Port);
        using var metrics = await workload.Api.Client.GetAsync(new Uri("/metrics", UriKind.Relative));
        using var http = new HttpClient();
        using var execute = await http.PostAsync(new Uri(management, "/execute"), content: null);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (metrics.StatusCode, execute.StatusCode));
    }
}

using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Silo.Telemetry;

/// <summary>One execution seen by a collector, across the processes that it passes through.</summary>
public sealed class TraceTests : IAsyncLifetime
{
    private OtlpReceiver? _collector;
    private ClusterProcess? _cluster;

    public async Task InitializeAsync()
    {
        _collector = await OtlpReceiver.StartAsync();
        _cluster = await ClusterProcess.StartAsync(
            silos: 1, apis: 1, [.. ClusterProcess.NoneWarm, .. _collector.Settings, ("Sandbox__Telemetry__TenantIds", "true")]);
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        if (_collector is not null)
            await _collector.DisposeAsync();
    }

    [Fact]
    public async Task AnExecution_IsOneTrace_FromTheRequestThroughTheGrainToTheDriver()
    {
        const string Trace = "0AF7651916CD43DD8448EB211C80319C";
        const string Client = "B7AD6B7169203331";
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/execute", UriKind.Relative))
        {
            Content = new StringContent("""{"code": "6 * 7", "context_id": "traced"}""", System.Text.Encoding.UTF8, "application/json"),
            Headers = { { "traceparent", $"00-{Trace}-{Client}-01".ToLowerInvariant() } },
        };
        using var answer = await _cluster!.Clients[0].SendAsync(request);
        answer.EnsureSuccessStatusCode();

        // The request's own span ends last.
        await Eventually.UntilAsync(() => Find("POST /execute") is not null && Find("execute_tool python") is not null);
        var hops = Path(Find("run_code")!);
        Assert.Equal(
            ["POST /execute sandbox-cluster-api", "IContextGrain/Execute sandbox-cluster-api", "IContextGrain/Execute sandbox-cluster-silo",
                "execute_tool python sandbox-cluster-silo", "run_code sandbox-cluster-silo"],
            hops.Select(span => $"{span.Name} {span.Service}"));
        Assert.Equal(Client, hops[0].ParentId);
        // What the new context needed is part of it.
        Assert.Equal(hops[3].Id, Find("start_context")?.ParentId);
        var tool = hops[3].Attributes;
        Assert.Equal(("execute_tool", "python", "default"), (tool["gen_ai.operation.name"], tool["gen_ai.tool.name"], tool["sandbox.tenant"]));
        Assert.Equal(answer.Headers.GetValues("Execution-Id").Single(), tool["gen_ai.tool.call.id"]);

        // And so do metrics, as the option says: a key of six letters, and its value.
        await Eventually.UntilAsync(() => _collector!.Text.Contains("\u0006tenant\u0012", StringComparison.Ordinal));

        OtlpSpan? Find(string name) => _collector!.Spans.FirstOrDefault(span => span.TraceId == Trace && span.Name == name);
    }

    /// <summary>A span and those that it is below, the first of them first.</summary>
    private List<OtlpSpan> Path(OtlpSpan span)
    {
        var path = new List<OtlpSpan>();
        for (var at = span; at is not null; at = _collector!.Spans.FirstOrDefault(candidate => candidate.Id == at.ParentId && candidate.TraceId == span.TraceId))
            path.Insert(0, at);
        return path;
    }
}

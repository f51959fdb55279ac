using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;
using Xunit.Abstractions;

namespace Sandbox.Cluster.Tests.Api.Load;

/// <summary>Clients that leave, many in a row and at every moment.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class DisconnectTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int OfEachPhase = 125;
    private const int Places = 24;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");
    private readonly List<double> _waits = [];
    private ApiProcess _api = null!;

    public async Task InitializeAsync() => _api = await ApiProcess.StartAsync(
        _data.FullName,
        [
            .. ClusterProcess.NoneWarm,
            ("Sandbox__Contexts__DrainGrace", "00:00:00"),
            ("Sandbox__Quotas__RunningExecutions", Places.ToString(CultureInfo.InvariantCulture)),
        ]);

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task ClientsThatLeaveAtEveryPhase_LeaveTheirContextsFree_AndNothingBehind()
    {
        await AssertFreeAsync("a");
        await AssertFreeAsync("b");
        // Nobody has left yet; these were the first two contexts.
        _waits.Clear();
        var (processes, sockets) = (Processes(), ProcessTree.UnixSockets(_api.ProcessId));
        for (var i = 0; i < OfEachPhase; i++)
        {
            var abruptly = i % 2 == 0;
            await LeaveWhileQueuedAsync(abruptly);
            await LeaveWhileStartingAsync($"new{i}", abruptly);
            await LeaveWhileRunningAsync(abruptly);
            await LeaveWhileAnsweringAsync(abruptly);
        }

        var waits = _waits.Order().ToList();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"answered after a client left: p50 {waits[waits.Count / 2]:0} ms, p99 {waits[waits.Count * 99 / 100]:0} ms, at most {waits[^1]:0} ms, n {waits.Count}"));
        await AssertFreeAsync("a");
        await AssertFreeAsync("b");
        await Eventually.UntilAsync(() => (Processes(), ProcessTree.UnixSockets(_api.ProcessId)) == (processes, sockets));
        // As many places as there were: none is still held by one of them.
        var later = new List<Uri>();
        for (var i = 0; i < Places; i++)
            later.Add((await BeginAsync($"p{i % 4}"))!);
        Assert.Null(await BeginAsync("a"));
    }

    /// <summary>Another one runs; the place in line, of which there are few, is free again.</summary>
    private async Task LeaveWhileQueuedAsync(bool abruptly)
    {
        using var running = await EventStream.ExecuteAsync(_api.Client, "import time\ntime.sleep(600)", contextId: "b", timeoutMs: 600_000);
        Assert.Equal("start", (await running.NextAsync())?.Name);
        using (var client = await SendAsync("b", "1"))
            client.Leave(abruptly);
        using var interrupt = await _api.Client.PostAsync(new Uri("/contexts/b/interrupt", UriKind.Relative), null);
        Assert.Equal("end", (await running.RestAsync())[^1].Name);
        await AssertFreeAsync("b");
    }

    /// <summary>Its interpreter is not there yet; the context may not be there afterwards either, and is removed where it is.</summary>
    private async Task LeaveWhileStartingAsync(string id, bool abruptly)
    {
        using (var client = await SendAsync(id, "import time\ntime.sleep(600)"))
            client.Leave(abruptly);
        await AssertFreeAsync(id);
        using var deletion = await _api.Client.DeleteAsync(new Uri($"/contexts/{id}", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.NoContent, deletion.StatusCode);
    }

    private async Task LeaveWhileRunningAsync(bool abruptly)
    {
        using (var client = await SendAsync("a", "print('on', flush=True)\nimport time\ntime.sleep(600)", "Accept: text/event-stream\r\n"))
        {
            await client.ReceiveAsync("\"on");
            client.Leave(abruptly);
        }
        await AssertFreeAsync("a");
    }

    private async Task LeaveWhileAnsweringAsync(bool abruptly)
    {
        using (var client = await SendAsync("a", "print(('x' * 1000 + '\\n') * 1000)"))
        {
            await client.ReceiveAsync("HTTP/1.1 200");
            client.Leave(abruptly);
        }
        await AssertFreeAsync("a");
    }

    /// <summary>The next one gets its turn at once: its own time does not begin before.</summary>
    private async Task AssertFreeAsync(string id)
    {
        using var bound = new CancellationTokenSource(Eventually.Bound);
        var clock = Stopwatch.StartNew();
        var next = await _api.Client.ExecuteAsync("6 * 7", contextId: id, cancellationToken: bound.Token);
        _waits.Add(clock.Elapsed.TotalMilliseconds);
        Assert.Equal("42", next.Text);
        // The answer goes out before the next in line has its turn.
        await Eventually.UntilAsync(async () => await DescribeAsync(id) == ("idle", "1"));
    }

    private async Task<(string? State, string Incarnation)> DescribeAsync(string id)
    {
        using var description = await _api.Client.GetAsync(new Uri($"/contexts/{id}", UriKind.Relative));
        var context = JsonElement.Parse(await description.Content.ReadAsStringAsync());
        return (context.GetProperty("state").GetString(), context.GetProperty("incarnation").GetRawText());
    }

    private async Task<Uri?> BeginAsync(string id)
    {
        using var request = EventStream.Request("import time\ntime.sleep(600)", contextId: id, timeoutMs: 600_000);
        request.Headers.Add("Prefer", "respond-async");
        using var answer = await _api.Client.SendAsync(request);
        return answer.Headers.Location;
    }

    private async Task<RawClient> SendAsync(string id, string code, string headers = "")
    {
        var body = JsonSerializer.Serialize(new Dictionary<string, object> { ["code"] = code, ["context_id"] = id, ["timeout_ms"] = 600_000 });
        var client = await RawClient.ConnectAsync(_api.Address);
        await client.SendHeadAsync($"{headers}Content-Length: {Encoding.UTF8.GetByteCount(body).ToString(CultureInfo.InvariantCulture)}");
        await client.SendAsync(body);
        return client;
    }

    private int Processes() => ProcessTree.Descendants(_api.ProcessId).Count;
}

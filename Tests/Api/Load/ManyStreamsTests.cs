using System.Globalization;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Load;

/// <summary>Many streams at a time, some of which nobody reads.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class ManyStreamsTests : IAsyncLifetime
{
    private const int Contexts = 20;
    private const int Readers = 10;
    private const int Lines = 200;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");
    private ApiProcess _api = null!;

    public async Task InitializeAsync() => _api = await ApiProcess.StartAsync(_data.FullName, ClusterProcess.NoneWarm);

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task TwoHundredStreams_OneOfThemFrozen_EachHaveAllOfTheirs()
    {
        using var frozen = await EventStream.ExecuteAsync(_api.Client, Flood, contextId: "flood");
        await Task.WhenAll(Enumerable.Range(0, Contexts).Select(ReadAsync));
        Assert.Equal("True", (await _api.Client.ExecuteAsync("flooded", contextId: "flood")).Text);
        Assert.Equal("end", (await frozen.RestAsync())[^1].Name);
    }

    /// <summary>What each of them was given and has not taken is bounded: all of it would be more than 3 GB.</summary>
    [Fact]
    public async Task TwoHundredFrozenStreams_OfALargeOutput_TakeNoMoreMemoryThanABitEach()
    {
        await _api.Client.ExecuteAsync("1");
        var answer = await _api.Client.ExecuteAsync(Flood, contextId: "flood");
        var location = $"/contexts/flood/executions/{answer.Header("Execution-Id")}";
        var before = ResidentBytes();
        var frozen = new List<EventStream>();
        try
        {
            foreach (var _ in Enumerable.Range(0, Contexts * Readers))
                frozen.Add(await EventStream.OpenAsync(_api.Client, Get(location)));
            using (var other = await EventStream.OpenAsync(_api.Client, Get(location)))
                Assert.Equal(150, (await other.RestAsync()).Count(one => one.Name == "item"));
            Assert.Equal("1", (await _api.Client.ExecuteAsync("1")).Text);
            Assert.InRange(ResidentBytes() - before, long.MinValue, 1L << 30);
        }
        finally
        {
            frozen.ForEach(stream => stream.Dispose());
        }
    }

    private static string Flood => "for i in range(150): display('x' * 100_000)\nflooded = True";

    /// <summary>One context: who sent the code, and others who follow it.</summary>
    private async Task ReadAsync(int number)
    {
        var id = $"c{number.ToString(CultureInfo.InvariantCulture)}";
        using var first = await EventStream.ExecuteAsync(
            _api.Client, $"import time\nfor i in range({Lines}):\n    print({number}, i, flush=True)\n    time.sleep(0.01)", contextId: id, timeoutMs: 600_000);
        var location = $"/contexts/{id}/executions/{first.Header("Execution-Id")}";
        var expected = string.Concat(Enumerable.Range(0, Lines).Select(i => string.Create(CultureInfo.InvariantCulture, $"{number} {i}\n")));
        await Task.WhenAll(Enumerable.Range(1, Readers - 1).Select(_ => FollowAsync()).Append(CheckAsync(first)));

        async Task FollowAsync()
        {
            using var stream = await EventStream.OpenAsync(_api.Client, Get(location));
            await CheckAsync(stream);
        }

        async Task CheckAsync(EventStream stream)
        {
            var events = await stream.RestAsync();
            Assert.Equal(expected, string.Concat(events.Where(one => one.Name == "stdout").Select(one => one.Text)));
            Assert.Equal(("start", "end"), (events[0].Name, events[^1].Name));
        }
    }

    private long ResidentBytes() => 1024 * long.Parse(
        File.ReadLines($"/proc/{_api.ProcessId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    private static HttpRequestMessage Get(string location)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, location);
        request.Headers.Add("Accept", "text/event-stream");
        return request;
    }
}

using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Silo.Telemetry;

/// <summary>
/// A real program that exports all that it can, after work that touches everything it measures. Whatever a tenant may write, a context's
/// name among it, has the mark in it.
/// </summary>
public sealed class Workload : IAsyncLifetime
{
    private static readonly (string, string)[] Settings =
    [
        ("Sandbox__Telemetry__ManagementUrl", "http://127.0.0.1:0"),
        ("Sandbox__Checkpoints__QuietPeriod", "00:00:00.100"),
        ("Sandbox__Quotas__Contexts", "3"),
        ("Sandbox__Egress__Tenants__default__0", "example.invalid"),
    ];

    private static readonly string[] SavedPython = ["\"language\":0", "\"clean\":true", "\"checkpoint\":{"];

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("telemetry-test-");
    private ApiProcess? _api;
    private OtlpReceiver? _collector;

    /// <summary>Stands in everything that a tenant wrote.</summary>
    public string Mark { get; } = $"mark{Guid.NewGuid():N}";

    /// <summary>All that was pushed.</summary>
    internal OtlpReceiver Collector => _collector!;

    public ApiProcess Api => _api!;

    /// <summary>What is served now.</summary>
    internal async Task<MetricsText> ScrapeAsync() => new(await Api.Client.GetStringAsync(MetricsText.AddressIn(Api.Log)));

    public async Task InitializeAsync()
    {
        _collector = await OtlpReceiver.StartAsync();
        _api = await ApiProcess.StartAsync(_data.FullName, [.. Settings, .. _collector.Settings]);
        var (python, typeScript) = ($"{Mark}-py", $"{Mark}-ts");
        var environment = new Dictionary<string, string> { [Mark] = Mark };
        var first = await Api.Client.ExecuteAsync(
            $"import os\nopen('{Mark}.txt', 'w').write('{Mark}')\nprint('{Mark}')\n{Mark} = os.environ['{Mark}']\n{Mark}", "python", python, environment: environment);
        Assert.Equal($"'{Mark}'", first.Text);
        Assert.Equal($"{Mark}Error", (await Api.Client.ExecuteAsync($"class {Mark}Error(Exception): pass\nraise {Mark}Error('{Mark}')", contextId: python)).ErrorName);
        Assert.Equal("TimeoutError", (await Api.Client.ExecuteAsync($"while True: {Mark}", contextId: python, timeoutMs: 300)).ErrorName);
        Assert.Equal("42", (await Api.Client.ExecuteAsync($"const {Mark} = 42; console.log('{Mark}'); {Mark}", "typescript", typeScript)).Text);

        // To a host that is not on the list, by the one door that there is.
        await Api.Client.ExecuteAsync(
            $"import urllib.request\ntry: urllib.request.urlopen('https://{Mark}.invalid/', timeout=10)\nexcept OSError: pass", contextId: python);
        using (var content = new StringContent(Mark))
            (await Api.Client.PutAsync(new Uri($"/contexts/{python}/files/{Mark}.bin", UriKind.Relative), content)).Dispose();
        using (var content = new StringContent($$"""{"code": "{{Mark}}.up"}""", System.Text.Encoding.UTF8, "application/json"))
            (await Api.Client.PostAsync(new Uri($"/contexts/{python}/complete", UriKind.Relative), content)).Dispose();

        // One that was saved comes back, one that was not is lost.
        await UntilAsync(metrics => metrics.Sum("sandbox_checkpoint_duration_seconds_count", "operation=\"save\"", "outcome=\"ok\"") > 1);
        await Eventually.UntilAsync(IsPythonSaved);
        Assert.Equal("rolled-back", (await Api.Client.ExecuteAsync("import os\nos._exit(3)", contextId: python)).State);
        var lost = await Api.Client.ExecuteAsync($"{Mark} = 1\nimport os\nos._exit(3)", "python", $"{Mark}-3");
        Assert.Equal("lost", lost.State);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await Api.Client.ExecuteAsync("1", contextId: $"{Mark}-4")).Status);
        await UntilAsync(metrics => metrics.Sum("sandbox_pool_size") > 0);
    }

    /// <summary>As its record says; a checkpoint that was overtaken by more code is counted and let go.</summary>
    private bool IsPythonSaved() => Directory.EnumerateFiles(Path.Combine(_data.FullName, "records"), "*.json").Select(File.ReadAllText).Any(record =>
        SavedPython.All(part => record.Contains(part, StringComparison.Ordinal)));

    /// <summary>Scrapes until it is so.</summary>
    internal Task UntilAsync(Func<MetricsText, bool> condition) => Eventually.UntilAsync(async () => condition(await ScrapeAsync()));

    public async Task DisposeAsync()
    {
        if (_api is not null)
            await _api.DisposeAsync();
        if (_collector is not null)
            await _collector.DisposeAsync();
        _data.Delete(recursive: true);
    }
}

/// <summary>The tests that look at the same workload.</summary>
[CollectionDefinition(Name)]
public sealed class WorkloadCollection : ICollectionFixture<Workload>
{
    public const string Name = "Telemetry";
}

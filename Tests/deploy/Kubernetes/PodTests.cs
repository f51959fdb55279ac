using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>The programs start with the manifests' own settings and run code under their restrictions.</summary>
public sealed partial class PodTests : IDisposable
{
    // Pods have addresses of their own; here they share one.
    private static readonly (string, string) Managed = ("Sandbox__Telemetry__ManagementUrl", "http://127.0.0.1:0");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pods-");

    [Fact, Trait("Category", "Slow")]
    public async Task TheDevelopmentOverlay_UnderItsRestrictions_RunsBothLanguagesBehindEveryWall()
    {
        _folder.UnixFileMode |= UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        var manifests = Manifests.Of("dev");
        await using var redis = await ServerProcess.StartRedisAsync();
        await using var silo = await PodProcess.StartAsync("Silo", manifests.Silo, redis.Port, _folder, "Application started",
        [
            Managed, ("Sandbox__Endpoint__SiloPort", "0"), ("Sandbox__Endpoint__GatewayPort", "0"),
            ("Sandbox__Interpreters__DriversDirectory", Repository.Drivers), .. ClusterProcess.NoneWarm,
        ]);
        await using var api = await PodProcess.StartAsync(
            "Api", manifests.Api, redis.Port, _folder, "Application started", Managed, ("ASPNETCORE_URLS", "http://127.0.0.1:0"));

        Assert.Contains("Isolation tier Full", silo.Log, StringComparison.Ordinal);
        Assert.Equal("0000000000000000", silo.Status["CapBnd"]);
        Assert.Equal(("1", "2"), (silo.Status["NoNewPrivs"], silo.Status["Seccomp"]));
        Assert.DoesNotMatch(@"^0\t", silo.Status["Uid"]);

        using var client = new HttpClient { BaseAddress = new Uri(AddressPattern().Match(api.Log).Groups[1].Value) };
        Assert.Equal("[42]", await ExecuteAsync(client, "python", "import numpy\n[int(numpy.int64(6) * 7)]"));
        Assert.Equal("42", await ExecuteAsync(client, "typescript", "const answer: number = 6 * 7; answer"));

        Assert.Equal((0, 0), (await api.TerminateAsync(), await silo.TerminateAsync()));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<string?> ExecuteAsync(HttpClient client, string language, string code)
    {
        using var response = await client.PostAsJsonAsync(new Uri("/execute", UriKind.Relative), new { language, code });
        var answer = await response.Content.ReadAsStringAsync();
        var items = JsonNode.Parse(answer)!["items"]?.AsArray();
        return items is [{ } item] ? (string?)item["text"] : answer;
    }

    [GeneratedRegex(@"Now listening on: (\S+)")]
    private static partial Regex AddressPattern();
}

using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Configuration;
using Sandbox.Cluster.Silo.Storage;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>The overlays keep every rule, and every rule is one that can be broken.</summary>
public class ManifestTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Overlays => [.. Manifests.Overlays];

    public static TheoryData<string> MutantsByName => [.. Mutants.All.Select(mutant => mutant.Name)];

    [Fact]
    public void TheOverlays_AreThoseThatAreDocumented() => Assert.Equal(["azure", "dev", "production"], Manifests.Overlays);

    [Theory, MemberData(nameof(Overlays))]
    public void AnOverlay_KeepsEveryRule(string overlay) => Assert.Equal([], ManifestRules.FaultsOf(Manifests.Of(overlay)));

    [Theory, MemberData(nameof(Overlays))]
    public void AnOverlay_WithTheWayOutAdded_KeepsEveryRule(string overlay) => Assert.Equal([], ManifestRules.FaultsOf(
        new Manifests([.. Kustomize.Render(Manifests.Folder(overlay)), .. Kustomize.Render(Path.Combine(Manifests.Root, "egress"))])));

    [Theory, MemberData(nameof(MutantsByName))]
    public void AMutant_IsCaught(string name)
    {
        var mutant = Mutants.All.Single(mutant => mutant.Name == name);
        var rendered = Kustomize.Render(Manifests.Folder(mutant.Overlay));
        mutant.Change(rendered);
        Assert.Contains(ManifestRules.FaultsOf(new Manifests(rendered)), fault => fault.Contains(mutant.Fault, StringComparison.Ordinal));
    }

    [Fact]
    public void AMemberThatKubernetesDoesNotHave_IsRefused()
    {
        var rendered = Kustomize.Render(Manifests.Folder("production"));
        rendered.Single(resource => (string?)resource["kind"] == "Deployment" && (string?)resource["metadata"]!["name"] == "silo")
            ["spec"]!["template"]!["spec"]!["hostUser"] = false;
        Assert.Throws<JsonException>(() => new Manifests(rendered));
    }

    [Theory, MemberData(nameof(Overlays))]
    public async Task AnOverlay_WhereKubectlIsInstalled_IsRenderedByItInTheSameWay(string overlay)
    {
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "kubectl"))))
            return;
        using var process = Process.Start(new ProcessStartInfo("kubectl")
        {
            ArgumentList = { "kustomize", Manifests.Folder(overlay) },
            RedirectStandardOutput = true,
        })!;
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, await process.StandardOutput.ReadToEndAsync().WaitAsync(Bound));
            await process.WaitForExitAsync().WaitAsync(Bound);
            Assert.Equal(0, process.ExitCode);
            Assert.Equal(Text(Yaml.Read(path)), Text(Kustomize.Render(Manifests.Folder(overlay))));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void TheNameOfAPod_IsTheNameOfItsSilo() =>
        Assert.Equal("silo-7d9f", Settings.OfASilo<SiloOptions>(("Orleans__Name", "silo-7d9f")).SiloName);

    [Fact]
    public void TheAzureOverlay_NamesTheClientThatTheProgramsMake()
    {
        var values = SiloRules.Values(Manifests.Of("azure").Silo);
        Assert.Equal(AzureTablesOptions.ServiceKey, values["Orleans__Clustering__ServiceKey"]);
        Assert.Equal(AzureTablesOptions.ServiceKey, values["Orleans__GrainStorage__contexts__ServiceKey"]);
    }

    [Fact]
    public void TheProductionOverlays_CanBePulledFromNowhereAsTheyAre()
    {
        foreach (var workload in Manifests.Overlays.Where(overlay => overlay != "dev").SelectMany(overlay => Manifests.Of(overlay).Workloads))
            Assert.All(workload.Pod.Containers, container => Assert.StartsWith("registry.invalid/", container.Image, StringComparison.Ordinal));
    }

    /// <summary>In an order of its own: neither that of resources nor that of variables means anything.</summary>
    private static string Text(IEnumerable<JsonObject> resources) => string.Join('\n', resources.Select(resource => Text((JsonNode)resource)).Order(StringComparer.Ordinal));

    private static string Text(JsonNode? node) => node switch
    {
        JsonObject members => $"{{{string.Join(", ", members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => $"{member.Key}: {Text(member.Value)}"))}}}",
        JsonArray items when items.All(item => item is JsonObject named && named.ContainsKey("name")) => $"[{string.Join(", ", items.Select(Text).Order(StringComparer.Ordinal))}]",
        JsonArray items => $"[{string.Join(", ", items.Select(Text))}]",
        null => "null",
        _ => node.ToJsonString(),
    };
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Tests.Deploy.Kubernetes;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Silo.Telemetry;

/// <summary>What dashboard, alerts and autoscaler ask for is what the program has.</summary>
[Collection(WorkloadCollection.Name)]
public sealed partial class DashboardTests(Workload workload)
{
    // Prometheus' own, and what it adds to whatever it scrapes.
    private static readonly string[] ScrapeLabels = ["instance", "job"];

    private static readonly string Folder = Path.Combine(Repository.Root, "deploy", "telemetry");
    private static readonly JsonObject Dashboard = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "dashboard.json")))!.AsObject();
    private static readonly JsonArray Rules = Yaml.Read(Path.Combine(Folder, "alerts.yaml")).Single()["groups"]![0]!["rules"]!.AsArray();

    private static IEnumerable<JsonNode> Targets => Dashboard["panels"]!.AsArray().SelectMany(panel => panel!["targets"]?.AsArray() ?? []).OfType<JsonNode>();

    public static TheoryData<string> Queries =>
        [.. Targets.Select(target => (string)target["expr"]!).Concat(Rules.Select(rule => (string)rule!["expr"]!)).Distinct()];

    public static TheoryData<string> Alerts => [.. Rules.Select(rule => (string)rule!["alert"]!)];

    [Theory, MemberData(nameof(Queries))]
    public async Task AQuery_AsksForMetricsAndLabelsThatTheProgramExports(string query)
    {
        var exported = (await workload.ScrapeAsync()).Names;
        var metrics = PromQl.MetricsOf(query).ToList();
        Assert.NotEmpty(metrics);
        Assert.All(metrics, metric =>
        {
            Assert.Contains(metric.Name, exported.Keys);
            Assert.Empty(metric.Labels.Except(exported[metric.Name]).Except(ScrapeLabels));
        });
        Assert.Empty(PromQl.GroupingsOf(query).Except(metrics.SelectMany(metric => exported[metric.Name])).Except(ScrapeLabels));
    }

    [Fact]
    public async Task WhatThePrograms_CountThemselves_IsOnTheDashboard()
    {
        var asked = Targets.SelectMany(target => PromQl.MetricsOf((string)target["expr"]!)).Select(metric => FamilyOf(metric.Name)).ToHashSet();
        var exported = (await workload.ScrapeAsync()).Names.Keys.Where(name => name.StartsWith("sandbox_", StringComparison.Ordinal)).Select(FamilyOf);
        Assert.Empty(exported.Distinct().Except(asked));
    }

    [Fact]
    public async Task TheAutoscalersMetric_IsExported()
    {
        var scaler = Manifests.Of("production").Of<k8s.Models.V2HorizontalPodAutoscaler>().Single();
        var exported = (await workload.ScrapeAsync()).Names;
        Assert.All(scaler.Spec.Metrics.Where(metric => metric.Pods is not null), metric => Assert.Contains(metric.Pods.Metric.Name, exported.Keys));
    }

    [Fact]
    public void ALegend_NamesLabelsThatItsQueryLeaves() => Assert.All(Targets, target => Assert.Empty(
        LegendPattern().Matches((string)target["legendFormat"]!).Select(label => label.Groups[1].Value)
            .Except(PromQl.GroupingsOf((string)target["expr"]!)).Except(ScrapeLabels)));

    [Theory, MemberData(nameof(Alerts))]
    public void AnAlert_SaysWhatItIsAndLeadsToAHeadingOfItsName(string name)
    {
        var alert = Rules.Single(rule => (string)rule!["alert"]! == name)!;
        Assert.NotEqual("", (string)alert["annotations"]!["summary"]!);
        Assert.Contains((string)alert["labels"]!["severity"]!, (string[])["page", "ticket"]);
        var runbook = ((string)alert["annotations"]!["runbook_url"]!).Split('#');
        Assert.Equal(name.ToLowerInvariant(), runbook[1]);
        Assert.Contains($"\n### {name}\n", File.ReadAllText(Path.Combine(Repository.Root, runbook[0])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sum by (state) (sandbox_contexts{state=\"idle\"}[5m])", "sandbox_contexts(state)")]
    [InlineData("histogram_quantile(0.95, sum by (le) (rate(a_bucket{x!=\"1\",y=~\"b|c\"}[1h]))) > 1", "a_bucket(x,y)")]
    [InlineData("a / on (x) b == 0 or absent(c)", "a(),b(),c()")]
    public void TheNamesInAQuery_AreFound(string query, string metrics) => Assert.Equal(
        metrics, string.Join(',', PromQl.MetricsOf(query).Select(metric => $"{metric.Name}({string.Join(',', metric.Labels)})")));

    private static string FamilyOf(string series) => SeriesPattern().Replace(series, "");

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex SeriesPattern();

    [GeneratedRegex(@"\{\{(\w+)\}\}")]
    private static partial Regex LegendPattern();
}

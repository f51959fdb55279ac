using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Cluster.Grains.Isolation.Egress;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

public class EgressOutcomeTests
{
    private static readonly EgressOutcome[] All = Enum.GetValues<EgressOutcome>();

    [Fact]
    public void EveryOutcome_IsCountedUnderATagOfItsOwn()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var counts = new EgressCounts(services);
        var metrics = new EgressMetrics(services.GetRequiredService<IMeterFactory>());
        foreach (var outcome in All)
            metrics.CountConnection(outcome);
        Assert.Equal(All.Length, counts.Names.Count());
    }

    [Fact]
    public void EveryRefusal_IsAnsweredInWordsOfItsOwn()
    {
        var answers = All.Select(EgressAnswers.To).OfType<ReadOnlyMemory<byte>>().Select(answer => Encoding.ASCII.GetString(answer.Span)).ToList();
        Assert.Equal(All.Count(outcome => outcome >= EgressOutcome.BadRequest), answers.Distinct().Count());
        Assert.All(answers, answer => EgressRefusalTests.AssertIsAnswer(answer, int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3), provider: null)));
        Assert.Equal(["400", "403", "405", "408", "502", "504"], answers.Select(answer => answer["HTTP/1.1 ".Length..][..3]).Distinct().Order(StringComparer.Ordinal));
    }
}

using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Cluster;

/// <summary>What the contract says of a silo that dies, and how a client comes through.</summary>
internal static class SiloDeath
{
    /// <summary>What was quiet for so long before comes back complete.</summary>
    public static readonly TimeSpan QuietBefore = TimeSpan.FromSeconds(5);

    /// <summary>So soon its cluster has declared it dead.</summary>
    public static readonly TimeSpan IsOutWithin = TimeSpan.FromSeconds(15);

    /// <summary>So soon every context answers again.</summary>
    public static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(20);

    /// <summary>Runs code until the answer is the code's; all answers on the way.</summary>
    public static async Task<List<Answer>> UntilKnownAsync(this HttpClient client, string code, string contextId, string language = "python")
    {
        using var bound = new CancellationTokenSource(AnswersWithin);
        var answers = new List<Answer>();
        while (answers.Count == 0 || answers[^1].Status != HttpStatusCode.OK)
        {
            answers.Add(await client.ExecuteAsync(code, language, contextId, cancellationToken: bound.Token));
            Assert.True(
                answers[^1].Status is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable || answers[^1].ErrorName == "SiloUnavailable",
                answers[^1].ToString());
        }
        return answers;
    }
}

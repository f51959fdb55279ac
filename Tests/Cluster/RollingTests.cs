using System.Globalization;
using System.Net;
using Sandbox.Cluster.Tests.Support;
using Xunit.Abstractions;

namespace Sandbox.Cluster.Tests.Cluster;

/// <summary>An upgrade: every silo is replaced while sessions go on. Real processes, real Redis.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class RollingTests(ITestOutputHelper output)
{
    private const int Terminate = 15;
    private const int Sessions = 50;
    private const int Silos = 2;

    [Fact]
    public async Task WhenEverySiloIsReplacedUnderLoad_NoSessionIsLost_AndEveryExecutionHasItsAnswer()
    {
        await using var cluster = await ClusterProcess.StartAsync(Silos, apis: 2, ClusterProcess.NoneWarm);
        using var stopping = new CancellationTokenSource();
        var sessions = Enumerable.Range(0, Sessions).Select(i => new CountingSession(cluster.Clients[i % 2], i)).ToArray();
        await Task.WhenAll(sessions.Select(session => session.CountAsync()));
        var counting = Task.WhenAll(sessions.Select(session => session.CountUntilAsync(stopping.Token)));

        foreach (var silo in cluster.Silos.Values.ToArray())
        {
            await cluster.AddSiloAsync();
            ClusterProcess.Signal(silo, Terminate);
            await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{silo}") || counting.IsFaulted, TimeSpan.FromMinutes(3));
        }

        await stopping.CancelAsync();
        await counting;
        await Task.WhenAll(sessions.Select(session => session.CheckAsync()));
        Assert.All(sessions, session => Assert.True(session.Count > 1, "A session did not get anywhere."));
        Assert.Contains(sessions, session => session.WasRestored);
        output.WriteLine($"{sessions.Sum(session => session.Count)} executions");
    }

    /// <summary>Counts in a variable and in a file; whatever is not counted on is a failure.</summary>
    private sealed class CountingSession(HttpClient client, int number)
    {
        private readonly string _language = number % 2 == 0 ? "python" : "typescript";

        public int Count { get; private set; }

        public bool WasRestored { get; private set; }

        public async Task CountUntilAsync(CancellationToken stopping)
        {
            while (!stopping.IsCancellationRequested)
            {
                await CountAsync();
                // A user thinks.
                await Task.Delay(300, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        public async Task CountAsync()
        {
            var code = _language == "python"
                ? "n = globals().get('n', 0) + 1; open('n', 'w').write(str(n)); n"
                : "var n = (globalThis.n ?? 0) + 1; await Bun.write('n', String(n)); n";
            Check(await RunAsync(code), ++Count);
        }

        public async Task CheckAsync() => Check(
            await RunAsync(_language == "python" ? "assert open('n').read() == str(n); n" : "if (await Bun.file('n').text() !== String(n)) throw new Error(); n"), Count);

        private static string Text(int count) => count.ToString(CultureInfo.InvariantCulture);

        private async Task<Answer> RunAsync(string code)
        {
            while (true)
            {
                var answer = await client.ExecuteAsync(code, _language, contextId: $"s{number}");
                // Nothing was run; a client comes again.
                if (answer.Status == HttpStatusCode.ServiceUnavailable)
                {
                    await Task.Delay(100);
                    continue;
                }
                return answer;
            }
        }

        private void Check(Answer answer, int expected)
        {
            Assert.True(answer.Status == HttpStatusCode.OK && answer.ErrorName is null, answer.ToString());
            Assert.True(answer.State is "new" or "kept" or "restored", answer.ToString());
            Assert.Equal("1", answer.Incarnation);
            Assert.Equal(Text(expected), answer.Text);
            WasRestored |= answer.State == "restored";
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// Executions as streams: from the print to its first byte at the client, by the machine's own clock, which code and client share;
/// one stream after the other, and then many at a time, with all of them read and with one that nobody reads.
/// </summary>
internal static class Streams
{
    private const int AtOnce = 200;
    private const int Contexts = 50;
    private const int WarmUp = 20;

    private static readonly Uri Execute = new("/execute", UriKind.Relative);

    public static async Task RunAsync(int runs)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-bench-");
        try
        {
            await using var api = await ApiProcess.StartAsync(data.FullName);
            await Parallel.ForAsync(0, Contexts, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
                await Execution.RunAsync(api.Client, Language.Python, "import time\n1+1", "2", IdOf(i)));

            var alone = new List<double>();
            for (var i = 0; i < WarmUp + runs; i++)
            {
                var taken = await FromPrintAsync(api.Client, IdOf(0));
                if (i >= WarmUp)
                    alone.Add(taken);
            }
            Print("one stream: from the print to its first byte", alone);

            var all = await ManyAsync(api.Client);
            Print($"{AtOnce} streams: request to first byte", all);
            using var frozen = await OpenAsync(api.Client, "frozen", "for i in range(150): display('x' * 100_000)\nimport time; time.sleep(50)");
            var others = await ManyAsync(api.Client);
            Print("the same beside one that nobody reads", others);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"p99 with it in p99s without",-52} {Quantile(others, 0.99) / Quantile(all, 0.99),7:0.00}"));
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    /// <summary>Each context has a few streams in line; all of them are open at the same time.</summary>
    private static async Task<List<double>> ManyAsync(HttpClient client)
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async i =>
        {
            var started = Stopwatch.GetTimestamp();
            using var answer = await OpenAsync(client, IdOf(i % Contexts), "print('on', flush=True)\ntime.sleep(0.05)");
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            await FindAsync(reader, "\"text\":\"");
            var first = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            await reader.ReadToEndAsync();
            return first;
        }));
        return [.. taken];
    }

    private static async Task<double> FromPrintAsync(HttpClient client, string id)
    {
        using var answer = await OpenAsync(client, id, "print(time.time_ns(), flush=True)\ntime.sleep(0.02)");
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var line = await FindAsync(reader, "\"text\":\"");
        var now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalMilliseconds;
        var text = line[(line.IndexOf("\"text\":\"", StringComparison.Ordinal) + 8)..];
        await reader.ReadToEndAsync();
        return now - (long.Parse(text[..text.AsSpan().IndexOfAnyExceptInRange('0', '9')], CultureInfo.InvariantCulture) / 1e6);
    }

    private static async Task<string> FindAsync(StreamReader reader, string part)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Contains(part, StringComparison.Ordinal))
                return line;
        }
        throw new InvalidOperationException("A stream ended without what was printed.");
    }

    private static async Task<HttpResponseMessage> OpenAsync(HttpClient client, string id, string code)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Execute)
        {
            Content = JsonContent.Create(new Dictionary<string, string> { ["code"] = code, ["context_id"] = id }),
        };
        request.Headers.Add("Accept", "text/event-stream");
        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.EnsureSuccessStatusCode();
    }

    private static string IdOf(int i) => $"stream-{i.ToString(CultureInfo.InvariantCulture)}";

    private static void Print(string name, List<double> milliseconds) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-52} p50 {Quantile(milliseconds, 0.5),7:0.00} ms   p99 {Quantile(milliseconds, 0.99),7:0.00} ms   n {milliseconds.Count}"));

    private static double Quantile(List<double> milliseconds, double q) =>
        milliseconds.Order().ElementAt(Math.Min(milliseconds.Count - 1, (int)(milliseconds.Count * q)));
}

using System.Diagnostics;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>A context beside the one that attacks, on the same silo: it has something to lose, and must go on answering.</summary>
internal sealed class Neighbour
{
    private readonly HttpClient _client;
    private readonly string _id = ApiFixture.NewContextId();

    private Neighbour(HttpClient client) => _client = client;

    public static string Script => Path.Combine(Repository.Root, "Tests", "Isolation", "neighbour.py");

    public string Home { get; private set; } = "";

    public static async Task<Neighbour> StartAsync(HttpClient client)
    {
        var neighbour = new Neighbour(client);
        var answer = await client.ExecuteAsync(await File.ReadAllTextAsync(Script), "python", neighbour._id);
        Assert.True(answer.ErrorName is null, answer.ToString());
        neighbour.Home = answer.Stdout[0];
        return neighbour;
    }

    /// <summary>Asks one question after the other while <paramref name="action"/> runs, and once more after it.</summary>
    /// <returns>Its result, and in how many milliseconds 99 of 100 answers came.</returns>
    public async Task<(T Result, double P99)> WatchAsync<T>(Func<Task<T>> action)
    {
        var running = action();
        var latencies = new List<double>();
        do
        {
            var clock = Stopwatch.StartNew();
            var answer = await _client.ExecuteAsync("len(treasure)", contextId: _id);
            latencies.Add(clock.Elapsed.TotalMilliseconds);
            Assert.True(answer.Text == "25" && answer.State == "kept", $"The neighbour answered {answer}");
        }
        while (!running.IsCompleted);
        latencies.Sort();
        return (await running, latencies[(int)Math.Ceiling(latencies.Count * 0.99) - 1]);
    }
}

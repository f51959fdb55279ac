using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// A cluster that has many contexts asleep and some awake, beside one that has a hundred: what a page of the list takes, what it
/// takes to wake one, and what its silo holds in memory.
/// </summary>
internal static class Hibernated
{
    // A machine is faster in one minute than in the next: each state is looked at more than once, one after the other.
    private const int Rounds = 3;
    private const int Few = 100;
    private const int Live = 300;
    private const int Pages = 1_000;
    // Twice, and a few before of which the times do not count: no more than there are asleep.
    private const int Woken = 40;
    private const int WokenBefore = 20;

    // As long as it takes to make up for the interpreter that was taken: waking alone, and not what else two processors do.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private const int Terminate = 15;

    public static async Task RunAsync(int contexts)
    {
        var states = new[] { new State(Few, 0), new State(contexts, 0), new State(contexts, Live) };
        for (var round = 1; round <= Rounds; round++)
        {
            foreach (var state in states)
            {
                Console.WriteLine($"round {round} of {Rounds}, {state.Name}");
                await MeasureAsync(state);
            }
        }

        foreach (var state in states)
            state.Print();
    }

    private static async Task MeasureAsync(State state)
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 1, apis: 1);
        var client = cluster.Clients[0];
        await SeedAsync(cluster, state.Asleep);
        // Every silo has started as many; what it grew by for that is not what those that are left cost.
        for (var i = 0; i < Live; i++)
        {
            await Execution.RunAsync(client, Language.Python, "1+1", "2", $"live-{i}");
            if (i >= state.Awake)
                await Execution.DeleteAsync(client, $"live-{i}");
        }

        // Those that are awake are saved once after they ran.
        await QuietCluster.WaitAsync(cluster);

        // The first of each finds nothing in memory, and the JIT at its work.
        await ListAsync(client, Pages, new Series(""));
        await ListAsync(client, Pages, state.Listing);
        await WakeAsync(client, Enumerable.Range(0, WokenBefore), new Series(""), TimeSpan.Zero);
        await WakeAsync(client, Enumerable.Range(WokenBefore, Woken), state.Waking, TimeSpan.Zero);
        await WakeAsync(client, Enumerable.Range(WokenBefore + Woken, Woken), state.WakingPaced, Pause);
        state.Mebibytes.Add(await ResidentAsync(cluster.Silos.MaxBy(member => member.Key).Value));
    }

    /// <summary>One session goes to sleep with its silo, is copied while there is no silo, and a new silo takes all of them over.</summary>
    private static async Task SeedAsync(ClusterProcess cluster, int count)
    {
        var client = cluster.Clients[0];
        await Execution.RunAsync(client, Language.Python, "x = 1\n1+1", "2", SleepingCopies.Original);
        var silo = cluster.Silos.Values.Single();
        ClusterProcess.Signal(silo, Terminate);
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{silo}"));
        await SleepingCopies.MakeAsync(cluster.RedisAddress, count);
        await cluster.AddSiloAsync();
        // The Api, too, has to hear of the new silo.
        await Eventually.UntilAsync(async () =>
        {
            using var answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        });
    }

    private static async Task ListAsync(HttpClient client, int pages, Series series)
    {
        for (string? cursor = null; pages > 0; pages--)
        {
            await series.TimeAsync(async () =>
            {
                var page = await client.GetFromJsonAsync<JsonElement>(new Uri(cursor is null ? "/contexts" : $"/contexts?cursor={cursor}", UriKind.Relative));
                if (page.GetProperty("items").GetArrayLength() == 0)
                    throw new InvalidOperationException("A page of the list is empty.");
                cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
            });
        }
    }

    private static async Task WakeAsync(HttpClient client, IEnumerable<int> numbers, Series series, TimeSpan pause)
    {
        foreach (var id in numbers.Select(SleepingCopies.IdOf))
        {
            await series.TimeAsync(() => Execution.RunAsync(client, Language.Python, "x+1", "2", id));
            // As many are awake for the next one.
            await Execution.DeleteAsync(client, id);
            await Task.Delay(pause);
        }
    }

    private static async Task<double> ResidentAsync(int pid)
    {
        var line = (await File.ReadAllLinesAsync($"/proc/{pid}/status")).Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private sealed record State(int Asleep, int Awake)
    {
        public string Name { get; } = $"{Asleep} asleep, {Awake} awake";

        public Series Listing { get; } = new($"a page of the list, {Asleep} asleep, {Awake} awake");

        public Series Waking { get; } = new($"woken to first result, {Asleep} asleep, {Awake} awake");

        public Series WakingPaced { get; } = new($"the same, five a second, {Asleep} asleep, {Awake} awake");

        /// <summary>What the silo's process held in memory at the end of each round.</summary>
        public List<double> Mebibytes { get; } = [];

        public void Print()
        {
            Console.WriteLine(Listing);
            Console.WriteLine(Waking);
            Console.WriteLine(WakingPaced);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{$"memory of the silo's process, {Name}",-44} {Mebibytes.Order().ElementAt(Rounds / 2),11:0.0} MiB"));
        }
    }
}

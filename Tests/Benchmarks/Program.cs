using System.Globalization;
using Sandbox.Cluster.Benchmarks;

// Every figure stands beside its peer, measured in the same run.
//   dotnet run -c Release --project Tests/Benchmarks [-- NAME[=RUNS] ...]      without a name: all of them
Dictionary<string, (Func<int, Task> Run, int Runs)> benchmarks = new(StringComparer.Ordinal)
{
    ["warm"] = (WarmExecute.RunAsync, 2000),
    ["new"] = (NewContext.RunAsync, 200),
    ["burst"] = (Burst.RunAsync, 100),
    ["memory"] = (IdleMemory.RunAsync, 100),
    ["live"] = (ManyLive.RunAsync, 500),
    ["streams"] = (Streams.RunAsync, 200),
    ["wake"] = (Wake.RunAsync, 20),
    ["cluster"] = (ClusterExecute.RunAsync, 1000),
    ["hibernated"] = (Hibernated.RunAsync, 10_000),
    ["telemetry"] = (TelemetryCost.RunAsync, 2000),
};

foreach (var wanted in args.Length > 0 ? args : [.. benchmarks.Keys])
{
    var (name, runs) = wanted.Split('=') is [var left, var right] ? (left, int.Parse(right, CultureInfo.InvariantCulture)) : (wanted, 0);
    if (!benchmarks.TryGetValue(name, out var benchmark))
    {
        Console.Error.WriteLine($"No benchmark {name}; there are {string.Join(", ", benchmarks.Keys)}.");
        return 2;
    }
    Console.WriteLine($"== {name}");
    await benchmark.Run(runs > 0 ? runs : benchmark.Runs);
}
return 0;

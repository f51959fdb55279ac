using System.Diagnostics;
using System.Globalization;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>As many live contexts on one silo; then each of them answers once more; then the silo ends, and nothing is left.</summary>
internal static class ManyLive
{
    private const int AtOnce = 8;

    public static async Task RunAsync(int contexts)
    {
        var processes = CountProcesses();
        var groups = CountGroups();
        var data = Directory.CreateTempSubdirectory("sandbox-bench-");
        try
        {
            await using (var api = await ApiProcess.StartAsync(data.FullName))
            {
                var created = new Series($"{contexts} contexts, {AtOnce} at a time: each created");
                var clock = Stopwatch.StartNew();
                await ForEachAsync(contexts, i => created.TimeAsync(() => Execution.RunAsync(
                    api.Client, LanguageOf(i), "1+1", "2", IdOf(i))));
                Console.WriteLine(created);
                var again = new Series("each of them once more");
                await ForEachAsync(contexts, i => again.TimeAsync(() => Execution.RunAsync(api.Client, LanguageOf(i), "2+2", "4", IdOf(i))));
                Console.WriteLine(again);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"until all had answered twice",-44} {clock.Elapsed.TotalSeconds,11:0.0} s"));
                Console.WriteLine($"{"exit code at SIGTERM",-44} {await api.TerminateAsync(),11}");
            }
            Console.WriteLine($"{"processes more than before",-44} {CountProcesses() - processes,11}");
            Console.WriteLine($"{"cgroups more than before",-44} {CountGroups() - groups,11}");
            Console.WriteLine($"{"files left in the temporary folder",-44} {Directory.GetFileSystemEntries(Path.Combine(data.FullName, "tmp")).Length,11}");
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static Task ForEachAsync(int count, Func<int, Task> run) => Parallel.ForEachAsync(
        Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) => await run(i));

    private static Language LanguageOf(int i) => i % 5 == 0 ? Language.TypeScript : Language.Python;

    private static string IdOf(int i) => $"live-{i.ToString(CultureInfo.InvariantCulture)}";

    private static int CountProcesses() =>
        Directory.GetDirectories("/proc").Count(path => int.TryParse(Path.GetFileName(path), out _));

    private static int CountGroups() =>
        Directory.EnumerateDirectories("/sys/fs/cgroup", "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).Count();
}

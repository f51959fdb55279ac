using System.Diagnostics;
using System.Globalization;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// As many live contexts on one silo; then each of them answers once more; then all are deleted, and what the silo and its
/// launchers hold is what they held before. At last the silo ends, and nothing is left of it either.
/// </summary>
internal static class ManyLive
{
    private const int AtOnce = 8;

    // Always as many wait in the pool, so that they are no difference.
    private static readonly (string Name, string Value)[] Settings =
        [("Sandbox__Interpreters__WarmMinimum", "4"), ("Sandbox__Interpreters__WarmMaximum", "4")];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task RunAsync(int contexts)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-bench-");
        try
        {
            await using var api = await ApiProcess.StartAsync(data.FullName, Settings);
            // Connections and the like, which the silo keeps for the next one.
            await UseAsync(api, AtOnce * 4);
            var before = await Holdings.SettledAsync(api, data, other: null);

            await UseAsync(api, contexts);
            var after = await Holdings.SettledAsync(api, data, before);
            Print("held before", before);
            Print("held after all were deleted", after);
            foreach (var (kind, more) in after.DescriptorsBeyond(before))
                Print("more descriptors than before", $"{more} × {kind}");

            var processes = ProcessTree.Descendants(api.ProcessId);
            Print("exit code at SIGTERM", await api.TerminateAsync());
            Print("processes left", processes.Count(pid => Directory.Exists($"/proc/{pid}")));
            Print("files left in the temporary folder", FilesIn(data));
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task UseAsync(ApiProcess api, int contexts)
    {
        var created = new Series($"{contexts} contexts, {AtOnce} at a time: each created");
        var again = new Series("each of them once more");
        var clock = Stopwatch.StartNew();
        await ForEachAsync(contexts, i => created.TimeAsync(() => Execution.RunAsync(api.Client, LanguageOf(i), "1+1", "2", IdOf(i))));
        await ForEachAsync(contexts, i => again.TimeAsync(() => Execution.RunAsync(api.Client, LanguageOf(i), "2+2", "4", IdOf(i))));
        Console.WriteLine(created);
        Console.WriteLine(again);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"until all had answered twice",-44} {clock.Elapsed.TotalSeconds,11:0.0} s"));
        await ForEachAsync(contexts, i => Execution.DeleteAsync(api.Client, IdOf(i)));
    }

    private static Task ForEachAsync(int count, Func<int, Task> run) => Parallel.ForEachAsync(
        Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) => await run(i));

    private static Language LanguageOf(int i) => i % 5 == 0 ? Language.TypeScript : Language.Python;

    private static string IdOf(int i) => $"live-{i.ToString(CultureInfo.InvariantCulture)}";

    private static int FilesIn(DirectoryInfo data) => Directory.GetFileSystemEntries(Path.Combine(data.FullName, "tmp"), "*", new EnumerationOptions
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.None,
    }).Length;

    private static void Print(string name, object value) => Console.WriteLine($"{name,-44} {value,11}");

    /// <summary>What a silo and the processes below it hold.</summary>
    private sealed record Holdings(int Processes, int Mounts, int Groups, int Files, IReadOnlyDictionary<string, int> DescriptorsOfKinds)
    {
        private int Descriptors => DescriptorsOfKinds.Values.Sum();

        /// <summary>As it is when the pools are full; or, at the latest after a minute, when nothing is more than before.</summary>
        public static async Task<Holdings> SettledAsync(ApiProcess api, DirectoryInfo data, Holdings? other)
        {
            var clock = Stopwatch.StartNew();
            var last = Of(api, data);
            while (clock.Elapsed < Patience)
            {
                await Task.Delay(TimeSpan.FromSeconds(2));
                var now = Of(api, data);
                if (other is null ? now.IsLike(last) : !now.IsMoreThan(other))
                    return now;
                last = now;
            }
            return last;
        }

        public override string ToString() =>
            $"{Processes} processes, {Mounts} mounts, {Groups} cgroups, {Files} files, {Descriptors} descriptors of the silo and its launchers but for assemblies";

        /// <summary>Of which kinds there are more now, and how many.</summary>
        public IEnumerable<(string Kind, int More)> DescriptorsBeyond(Holdings other) =>
            from one in DescriptorsOfKinds
            let more = one.Value - other.DescriptorsOfKinds.GetValueOrDefault(one.Key)
            where more > 0
            select (one.Key, more);

        private static Holdings Of(ApiProcess api, DirectoryInfo data)
        {
            var below = ProcessTree.Descendants(api.ProcessId);
            var launchers = ProcessTree.Children(api.ProcessId);
            return new Holdings(
                below.Count,
                below.Select(pid => ProcessTree.Mounts(pid).Count).Sum(),
                launchers.Sum(pid => ProcessTree.Groups(pid).Count),
                FilesIn(data),
                // A socket and a pipe have a number in brackets.
                launchers.Append(api.ProcessId).SelectMany(ProcessTree.Descriptors).Where(target => !IsOfRuntime(target))
                    .CountBy(target => target.Split('[')[0]).ToDictionary());
        }

        /// <summary>An assembly, which .NET loads when its code is first called and keeps.</summary>
        private static bool IsOfRuntime(string target) => Path.GetExtension(target) is ".dll" or ".pdb";

        private bool IsLike(Holdings other) => !IsMoreThan(other) && !other.IsMoreThan(this);

        private bool IsMoreThan(Holdings other) => Processes > other.Processes || Mounts > other.Mounts || Groups > other.Groups
            || Files > other.Files || Descriptors > other.Descriptors;
    }
}

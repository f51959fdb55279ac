using System.Globalization;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// What an idle context costs, by the fall of MemAvailable: Python with pandas and matplotlib loaded and used, TypeScript with
/// a variable. Beside it kernels of Jupyter that loaded the same.
/// </summary>
internal static class IdleMemory
{
    private const int PeerKernels = 10;
    private const int WarmUp = 20;
    private const double MiB = 1 << 20;
    private const string Python = "import pandas, matplotlib.pyplot, numpy\nlen(pandas.DataFrame({'a': numpy.arange(10)}))";

    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(int contexts)
    {
        foreach (var (language, code, text) in new[] { (Language.Python, Python, "10"), (Language.TypeScript, "const list = [1, 2]; list.length", "2") })
        {
            var data = Directory.CreateTempSubdirectory("sandbox-bench-");
            try
            {
                await using var api = await ApiProcess.StartAsync(data.FullName);
                await WarmUpAsync(api.Client, language, code, text);
                var before = await AvailableAsync();
                for (var i = 0; i < contexts; i++)
                    await Execution.RunAsync(api.Client, language, code, text);
                Print($"idle context, {language}", before - await AvailableAsync(), contexts);
            }
            finally
            {
                data.Delete(recursive: true);
            }
        }

        await using var jupyter = await JupyterServer.TryStartAsync();
        if (jupyter is null)
            return;
        var without = await AvailableAsync();
        for (var i = 0; i < PeerKernels; i++)
            await jupyter.StartKernelAsync(Python, "10");
        Print("idle kernel, ipykernel", without - await AvailableAsync(), PeerKernels);
    }

    /// <summary>What a silo grows by with its first contexts, whatever becomes of them, is its own and not theirs.</summary>
    private static async Task WarmUpAsync(HttpClient client, Language language, string code, string text)
    {
        for (var i = 0; i < WarmUp; i++)
        {
            var id = $"warm-up-{i}";
            await Execution.RunAsync(client, language, code, text, id);
            await Execution.DeleteAsync(client, id);
        }
    }

    private static void Print(string name, long bytes, int count) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{name,-44} {bytes / MiB / count,7:0.00} MiB   {1024 / (bytes / MiB / count),6:0.0} a GiB   n {count}"));

    private static async Task<long> AvailableAsync()
    {
        await Task.Delay(SettlingTime);
        var line = (await File.ReadAllLinesAsync("/proc/meminfo")).Single(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}

using System.Diagnostics;
using System.Globalization;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>Many new contexts at the same moment, with the default pool: until the last one has its result.</summary>
internal static class Burst
{
    public static async Task RunAsync(int contexts)
    {
        foreach (var language in Enum.GetValues<Language>())
        {
            var data = Directory.CreateTempSubdirectory("sandbox-bench-");
            try
            {
                await using var api = await ApiProcess.StartAsync(data.FullName);
                await Execution.RunAsync(api.Client, language, "1+1", "2");
                var series = new Series($"each of {contexts} new contexts at once, {language}");
                var clock = Stopwatch.StartNew();
                await Task.WhenAll(Enumerable.Range(0, contexts).Select(
                    _ => series.TimeAsync(() => Execution.RunAsync(api.Client, language, "1+1", "2"))));
                Console.WriteLine(series);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"all of them",-44} {clock.Elapsed.TotalSeconds,11:0.000} s"));
            }
            finally
            {
                data.Delete(recursive: true);
            }
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>Waits for the end of work that nobody waits for: checkpoints of contexts that have just run, a pool that fills up.</summary>
internal static class QuietCluster
{
    private const double QuietShare = 0.1;
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Returns when its silos and all below them took less than a tenth of a processor for three seconds, and prints what that took.</summary>
    public static async Task WaitAsync(ClusterProcess cluster)
    {
        var clock = Stopwatch.StartNew();
        while (await TakenAsync(cluster) > QuietShare)
        {
            if (clock.Elapsed > Patience)
                throw new TimeoutException("The cluster does not come to rest.");
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"until the cluster was quiet",-44} {clock.Elapsed.TotalSeconds,11:0.0} s"));
    }

    private static async Task<double> TakenAsync(ClusterProcess cluster)
    {
        var before = Taken(cluster);
        await Task.Delay(Watched);
        return (Taken(cluster) - before) / Watched;
    }

    private static TimeSpan Taken(ClusterProcess cluster) =>
        ProcessTree.ProcessorTime(cluster.Silos.Values.SelectMany(silo => ProcessTree.Descendants(silo).Append(silo)));
}

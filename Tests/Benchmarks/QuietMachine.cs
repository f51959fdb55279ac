using System.Diagnostics;
using System.Globalization;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>Waits for the end of work that nobody asked for now: checkpoints of contexts that have just run, a pool that fills up.</summary>
internal static class QuietMachine
{
    private const double IdleShare = 0.9;
    private const int IdleField = 4;
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Returns when the processors have been idle for nine tenths of three seconds, and prints what that took.</summary>
    public static async Task WaitAsync()
    {
        var clock = Stopwatch.StartNew();
        while (await IdleAsync() < IdleShare)
        {
            if (clock.Elapsed > Patience)
                throw new TimeoutException("This machine has other work to do: nothing can be measured on it.");
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"until the machine was quiet",-44} {clock.Elapsed.TotalSeconds,11:0.0} s"));
    }

    private static async Task<double> IdleAsync()
    {
        var before = Read();
        await Task.Delay(Watched);
        var after = Read();
        return (double)(after.Idle - before.Idle) / (after.Total - before.Total);
    }

    /// <summary>The first line of <c>/proc/stat</c>, in ticks: user, nice, system, idle and what else they did.</summary>
    private static (long Idle, long Total) Read()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (long.Parse(fields[IdleField], CultureInfo.InvariantCulture), fields.Skip(1).Take(8).Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
    }
}

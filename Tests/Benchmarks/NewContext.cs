using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// From nothing to the first result of <c>1+1</c>, through HTTP, one context after the other, with the default pool; beside it
/// a new kernel of Jupyter to its first result.
/// </summary>
internal static class NewContext
{
    /// <summary>What a client does between two new sessions; the pool has its time to fill up.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private const int PeerRuns = 10;

    // The first ones meet a runtime that compiles what they call.
    private const int WarmUp = 20;

    public static async Task RunAsync(int runs)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-bench-");
        try
        {
            await using var api = await ApiProcess.StartAsync(data.FullName);
            foreach (var language in Enum.GetValues<Language>())
            {
                var series = new Series($"new context to first result, {language}");
                await StartAsync(WarmUp, new Series(""));
                await StartAsync(runs, series);
                Console.WriteLine(series);

                async Task StartAsync(int count, Series into)
                {
                    for (var i = 0; i < count; i++)
                    {
                        await Task.Delay(Pause);
                        await into.TimeAsync(() => Execution.RunAsync(api.Client, language, "1+1", "2"));
                    }
                }
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }

        await using var jupyter = await JupyterServer.TryStartAsync();
        if (jupyter is null)
            return;
        var peer = new Series("new kernel to first result, ipykernel");
        for (var i = 0; i < PeerRuns; i++)
            await peer.TimeAsync(() => jupyter.RunInNewKernelAsync("1+1", "2"));
        Console.WriteLine(peer);
    }
}

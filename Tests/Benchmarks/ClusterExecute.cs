using System.Globalization;
using System.Text;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// <c>1+1</c> in a warm context: by way of an Api to a silo of another process, and, in the same run, with the silo embedded. And
/// what an execution costs in processor time where the same contexts are on one silo and on two, which on few cores says more than
/// executions a second.
/// </summary>
internal static class ClusterExecute
{
    private const int Block = 100;

    // See WarmExecute.
    private const int WarmUp = 3000;

    private const int Contexts = 8;

    public static async Task RunAsync(int runs)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-bench-");
        try
        {
            await using var embedded = await ApiProcess.StartAsync(data.FullName);
            foreach (var silos in new[] { 1, 2 })
            {
                await using var cluster = await ClusterProcess.StartAsync(silos, apis: 1);
                MeasureProcessorTime(cluster, silos, runs);
                if (silos == 1)
                    await CompareAsync(embedded.Client, cluster.Clients[0], runs);
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task CompareAsync(HttpClient embedded, HttpClient api, int runs)
    {
        var body = Body(0);
        for (var i = 0; i < WarmUp; i++)
        {
            Execution.Post(embedded, body);
            Execution.Post(api, body);
        }
        var (near, far) = (new Series("warm 1+1, Python, silo embedded"), new Series("warm 1+1, Python, Api to a silo"));
        for (var done = 0; done < runs; done += Block)
        {
            for (var i = 0; i < Block; i++)
                await near.TimeAsync(() => Once(embedded, body));
            for (var i = 0; i < Block; i++)
                await far.TimeAsync(() => Once(api, body));
        }
        Console.WriteLine(near);
        Console.WriteLine(far);
    }

    private static void MeasureProcessorTime(ClusterProcess cluster, int silos, int runs)
    {
        var bodies = Enumerable.Range(0, Contexts).Select(Body).ToArray();
        for (var i = 0; i < WarmUp * silos; i++)
            Execution.Post(cluster.Clients[0], bodies[i % Contexts]);
        var processes = cluster.Silos.Values.Concat(cluster.Apis.Values).ToArray();
        var before = ProcessTree.ProcessorTime(processes);
        for (var i = 0; i < runs; i++)
            Execution.Post(cluster.Clients[0], bodies[i % Contexts]);
        var spent = ProcessTree.ProcessorTime(processes) - before;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{$"processor time of Api and silos, {silos} of these",-44}     {spent.TotalMilliseconds / runs,7:0.000} ms an execution"));
    }

    private static Task Once(HttpClient client, byte[] body)
    {
        Execution.Post(client, body);
        return Task.CompletedTask;
    }

    private static byte[] Body(int number) => Encoding.UTF8.GetBytes($$"""{"code":"1+1","context_id":"bench-{{number}}"}""");
}

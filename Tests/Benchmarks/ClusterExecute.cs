using System.Globalization;
using System.Text;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// <c>1+1</c> in a warm context: by way of an Api to a silo of another process, and, in the same run, with the silo embedded. And
/// what an execution costs in processor time with one silo and with two, which on few cores says more than executions a second.
/// </summary>
internal static class ClusterExecute
{
    private const int Block = 100;

    // See WarmExecute.
    private const int WarmUp = 3000;

    public static async Task RunAsync(int runs)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-bench-");
        try
        {
            await using var embedded = await ApiProcess.StartAsync(data.FullName);
            foreach (var silos in new[] { 1, 2 })
            {
                await using var cluster = await ClusterProcess.StartAsync(silos, apis: 1);
                var (near, far) = (new Series("warm 1+1, Python, silo embedded"), new Series($"warm 1+1, Python, Api to one of {silos} silos"));
                // Contexts are spread over the silos.
                var bodies = Enumerable.Range(0, 2 * silos).Select(Body).ToArray();
                for (var i = 0; i < WarmUp * silos; i++)
                {
                    Execution.Post(embedded.Client, bodies[0]);
                    Execution.Post(cluster.Clients[0], bodies[i % bodies.Length]);
                }
                var processes = cluster.Silos.Values.Concat(cluster.Apis.Values).ToArray();
                var spent = TimeSpan.Zero;
                for (var done = 0; done < runs; done += Block)
                {
                    for (var i = 0; i < Block; i++)
                        await near.TimeAsync(() => Once(embedded.Client, bodies[0]));
                    var before = ProcessTree.ProcessorTime(processes);
                    for (var i = 0; i < Block; i++)
                        await far.TimeAsync(() => Once(cluster.Clients[0], bodies[i % bodies.Length]));
                    spent += ProcessTree.ProcessorTime(processes) - before;
                }
                Console.WriteLine(near);
                Console.WriteLine(far);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{$"processor time of Api and silos, {silos} silos",-44}     {spent.TotalMilliseconds / runs,7:0.000} ms an execution"));
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static Task Once(HttpClient client, byte[] body)
    {
        Execution.Post(client, body);
        return Task.CompletedTask;
    }

    private static byte[] Body(int number) => Encoding.UTF8.GetBytes($$"""{"code":"1+1","context_id":"bench-{{number}}"}""");
}

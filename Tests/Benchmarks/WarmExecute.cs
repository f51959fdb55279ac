using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Isolation;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// <c>1+1</c> in a warm context, through HTTP with the silo embedded; beside it the floor: the same interpreter with nothing
/// between it and the caller.
/// </summary>
internal static class WarmExecute
{
    // The runtime compiles what is called often in the background, on the same two processors: until that is over nothing is warm.
    private const int WarmUp = 3000;

    // In turns, so that both see the same machine; not one by one, so that neither finds its caches cold from the other.
    private const int Block = 100;

    public static async Task RunAsync(int runs)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-bench-");
        try
        {
            await using var api = await ApiProcess.StartAsync(data.FullName);
            foreach (var language in Enum.GetValues<Language>())
                await CompareAsync(api.Client, language, runs);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task CompareAsync(HttpClient client, Language language, int runs)
    {
        var options = new InterpreterOptions { DriversDirectory = Repository.Drivers };
        var walls = new IsolationReport(IsolationTier.Full, LimitKeeper.Cgroup, new Dictionary<string, string>());
        await using var launcher = await Launcher.StartAsync(
            language, options, walls, new IsolationOptions(), NullLogger.Instance, CancellationToken.None);
        await using var home = await Home.OpenAsync(launcher.SocketPath, language, Surroundings.Default, new OutputLimits(), null, options, CancellationToken.None);
        await using var bare = await home.StartInterpreterAsync(null, CancellationToken.None);
        var body = Encoding.UTF8.GetBytes($$"""{"code":"1+1","context_id":"bench-{{language}}","language":"{{language}}"}""");

        var count = 0;
        Task ThroughHttp()
        {
            Execution.Post(client, body);
            return Task.CompletedTask;
        }
        async Task ThroughNothing()
        {
            var reply = await bare.ExecuteAsync(new InterpreterCommand($"e{++count}", count, "1+1", null), new NoOutput());
            if (reply.Error is not null || reply.End is not null)
                throw new InvalidOperationException("The bare interpreter failed.");
        }

        for (var i = 0; i < WarmUp; i++)
        {
            await ThroughHttp();
            await ThroughNothing();
        }
        var http = new Series($"warm 1+1, {language}, HTTP, silo embedded");
        var floor = new Series($"warm 1+1, {language}, bare interpreter");
        for (var done = 0; done < runs; done += Block)
        {
            for (var i = 0; i < Block; i++)
                await http.TimeAsync(ThroughHttp);
            for (var i = 0; i < Block; i++)
                await floor.TimeAsync(ThroughNothing);
        }
        Console.WriteLine(http);
        Console.WriteLine(floor);
    }

    private sealed class NoOutput : IOutputSink
    {
        public void Stdout(string text)
        {
        }

        public void Stderr(string text)
        {
        }

        public void Dropped(bool ofStderr, long bytes)
        {
        }

        public void Item(InterpreterItem item)
        {
        }
    }
}

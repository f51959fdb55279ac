using System.Text;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary><c>1+1</c> in a warm context through HTTP, in turns by a program that exports nothing, one that is scraped, and one that is traced as well.</summary>
internal static class TelemetryCost
{
    private const int WarmUp = 300;
    private const int Block = 50;

    private static readonly (string, string) Managed = ("Sandbox__Telemetry__ManagementUrl", "http://127.0.0.1:0");

    // Nobody listens there: what is measured is what a call pays, not what the export costs beside it.
    private static readonly (string, string) Traced = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");

    public static async Task RunAsync(int runs)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-bench-");
        try
        {
            await using var off = await StartAsync(data, "off");
            await using var metrics = await StartAsync(data, "metrics", Managed);
            await using var traces = await StartAsync(data, "traces", Managed, Traced);
            (ApiProcess Api, Series Series)[] programs =
                [(off, new Series("nothing exported")), (metrics, new Series("metrics")), (traces, new Series("metrics and every call traced"))];
            var body = Encoding.UTF8.GetBytes("""{"code":"1+1","context_id":"bench"}""");
            foreach (var (api, _) in programs)
            {
                for (var i = 0; i < WarmUp; i++)
                    Execution.Post(api.Client, body);
            }
            for (var done = 0; done < runs; done += Block)
            {
                foreach (var (api, series) in programs)
                {
                    for (var i = 0; i < Block; i++)
                    {
                        await series.TimeAsync(() =>
                        {
                            Execution.Post(api.Client, body);
                            return Task.CompletedTask;
                        });
                    }
                }
            }
            foreach (var (_, series) in programs)
                Console.WriteLine(series);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static Task<ApiProcess> StartAsync(DirectoryInfo data, string name, params (string, string)[] settings) =>
        ApiProcess.StartAsync(data.CreateSubdirectory(name).FullName, settings);
}

using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// The first result of a context that was put to sleep, as it is when its silo was replaced: an empty session, and a typical
/// one of 30 variables and 10 MB; one after the other, with the pause between two that new contexts have.
/// </summary>
internal static class Wake
{
    private const string Typical = "typical";
    private const string Empty = "empty";

    private static readonly Dictionary<Language, string> TypicalState = new()
    {
        [Language.Python] = """
            import numpy as np, pandas as pd
            for i in range(27): globals()[f'v{i}'] = {'n': i, 'text': 'word ' * 20, 'list': list(range(200))}
            array = np.random.rand(800_000)
            frame = pd.DataFrame(np.random.rand(60_000, 6), columns=list('abcdef'))
            def twice(x): return 2 * x
            1 + 1
            """,
        [Language.TypeScript] = """
            for (let i = 0; i < 28; i++) (globalThis as any)[`v${i}`] = { n: i, text: 'word '.repeat(20), list: Array.from({ length: 200 }, (_, k) => k) };
            let array = Float64Array.from({ length: 1_250_000 }, () => Math.random());
            function twice(x: number) { return 2 * x; }
            1 + 1
            """,
    };

    public static async Task RunAsync(int runs)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-bench-");
        try
        {
            await using (var before = await ApiProcess.StartAsync(data.FullName))
            {
                foreach (var (language, i) in Contexts(runs))
                {
                    await Execution.RunAsync(before.Client, language, "1 + 1", "2", Id(language, Empty, i));
                    await Execution.RunAsync(before.Client, language, TypicalState[language], "2", Id(language, Typical, i));
                }
                await before.TerminateAsync();
            }

            await using var after = await ApiProcess.StartAsync(data.FullName);
            foreach (var kind in new[] { Empty, Typical })
            {
                foreach (var group in Contexts(runs).GroupBy(context => context.Language))
                {
                    var series = new Series($"woken to first result, {kind}, {group.Key}");
                    foreach (var (language, i) in group)
                    {
                        await Task.Delay(NewContext.Pause);
                        await series.TimeAsync(() => Execution.RunAsync(after.Client, language, "1 + 1", "2", Id(language, kind, i)));
                    }
                    Console.WriteLine(series);
                }
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static IEnumerable<(Language Language, int Number)> Contexts(int runs) =>
        from language in Enum.GetValues<Language>() from i in Enumerable.Range(0, runs) select (language, i);

    private static string Id(Language language, string kind, int number) => $"{language}-{kind}-{number}";
}

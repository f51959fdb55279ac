using System.Diagnostics;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>Runs attacks with <c>disposable.py</c> where they can hurt nobody.</summary>
internal static class Disposable
{
    /// <summary>What the silo's environment holds in the tests; attacks look for it without naming it.</summary>
    public const string Treasure = "treasure-of-the-silo";

    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(4);
    private static readonly string[] OfTheirOwn = ["--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork", "--mount-proc", "--kill-child"];
    private static readonly string[] OrdinaryUser = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>How an attack went. <c>Neighbour</c>: whether it answered afterwards. <c>Left</c>: a process was.</summary>
    public sealed record Outcome(string Name, string Output, string End, bool Neighbour, bool Left, string Detail)
    {
        public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        /// <summary>It got what it wanted, or tore down its supervisor or its neighbour.</summary>
        public bool IsBreach => Lines.Any(line => line.StartsWith("BREACH", StringComparison.Ordinal)) || !Neighbour || Left || End == "broken";

        public override string ToString() => $"{Name}: {End}{(Neighbour ? "" : ", the neighbour is gone")}{(Left ? ", a process is left" : "")}";
    }

    /// <summary>Without any wall, as root of a machine that is thrown away afterwards.</summary>
    public static Task<IReadOnlyList<Outcome>> WithoutWallsAsync(IReadOnlyList<Attack> attacks) =>
        RunAsync(attacks, "none", isThrownAway: true, ["--user", "--map-root-user"], []);

    /// <summary>In the tier reduced, as root, or as an ordinary user. For both root is needed.</summary>
    public static Task<IReadOnlyList<Outcome>> ReducedAsync(IReadOnlyList<Attack> attacks, bool asRoot) =>
        RunAsync(attacks, "reduced", isThrownAway: false, [], asRoot ? [] : OrdinaryUser);

    private static async Task<IReadOnlyList<Outcome>> RunAsync(
        IReadOnlyList<Attack> attacks, string tier, bool isThrownAway, string[] namespaces, string[] before)
    {
        var driver = Path.Combine(Repository.Drivers, "typescript");
        var plan = new
        {
            Language = attacks[0].Language,
            Tier = tier,
            Disposable = isThrownAway,
            Arguments = (string[])["--pool-minimum", "1", "--pool-maximum", "1"],
            Bun = Path.Combine(driver, "node_modules", "bun", "bin", "bun.exe"),
            Neighbour = await File.ReadAllTextAsync(Neighbour.Script),
            Attacks = attacks.Select(attack => new { attack.Name, attack.Code, How = attack.Demonstrate, Leaves = attack.Leaves ?? "" }),
        };
        var command = new ProcessStartInfo("unshare")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // An ordinary user may not get to where the repository is.
        string[] mount = isThrownAway ? [] : ["sh", "-c", "mount --bind \"$0\" /mnt && exec \"$@\"", Repository.Root];
        var root = isThrownAway ? Repository.Root : "/mnt";
        string[] script = ["/usr/bin/python3", "-I", Path.Combine(root, "Tests", "Isolation", "disposable.py")];
        foreach (var argument in (string[])[.. namespaces, .. OfTheirOwn, "--", .. mount, .. before, .. script])
            command.ArgumentList.Add(argument);
        command.Environment.Clear();
        command.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        command.Environment["ConnectionStrings__Silo"] = Treasure;
        using var process = Process.Start(command)!;
        try
        {
            using var bound = new CancellationTokenSource(Bound);
            await process.StandardInput.WriteAsync(JsonSerializer.Serialize(plan, Json));
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync(bound.Token);
            var output = await process.StandardOutput.ReadToEndAsync(bound.Token);
            await process.WaitForExitAsync(bound.Token);
            List<Outcome> outcomes = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Deserialize<Outcome>(line, Json)!)];
            Assert.True(outcomes.Count == attacks.Count, $"{outcomes.Count} of {attacks.Count} attacks ran.\n{await errors}");
            return outcomes;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}

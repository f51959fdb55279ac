using System.Diagnostics;
using Sandbox.Cluster.Grains.Isolation;
using Sandbox.Cluster.Tests.Support;
using Xunit.Abstractions;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>What a machine has is found out and said, never assumed; each tier holds what is promised of it.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class TierTests(ITestOutputHelper output) : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");

    public static TheoryData<string, bool> Reduced
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var group in Attack.All.Where(attack => attack.IsForReduced).Select(attack => attack.Group).Distinct())
            {
                data.Add(group, true);
                data.Add(group, false);
            }
            return data;
        }
    }

    [Fact]
    public async Task Probe_SaysWhatThisMachineHas()
    {
        var command = new ProcessStartInfo("/usr/bin/python3")
        {
            ArgumentList = { "-I", Path.Combine(Repository.Drivers, "launcher", "launcher.py"), "--probe" },
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(command)!;
        process.StandardInput.Close();
        var report = IsolationReport.Parse(await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        output.WriteLine($"{report.Tier}, limits kept by {report.Limits}; missing: {report.Reasons}");
        Assert.Equal(IsolationTier.Full, report.Tier);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(report.Limits == LimitKeeper.Cgroup, report.Missing.Count == 0);
    }

    [Fact]
    public async Task Start_WhereBubblewrapIsMissing_IsRefusedAndNamesIt()
    {
        var (exitCode, log) = await ApiProcess.RefuseAsync(
            InNamespaces(["--mount"], "mount --bind /dev/null /usr/bin/bwrap && exec \"$@\""), _data.FullName);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("offers the isolation tier reduced, and Sandbox:Isolation:MinimumTier is full", log, StringComparison.Ordinal);
        Assert.Contains("bubblewrap is not installed; run deploy/prerequisites.sh", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WhereUserNamespacesAreMissing_IsRefusedAndNamesThem()
    {
        var (exitCode, log) = await ApiProcess.RefuseAsync(
            ["unshare", "--user", "--map-user=54321", "--map-group=54321", "--keep-caps", "sh", "-c",
                "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --ambient-caps=-all -- \"$@\"", "sh"],
            _data.FullName);
        output.WriteLine(string.Join('\n', log.Split('\n').Where(line => line.Contains("Missing", StringComparison.Ordinal))));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Sandbox:Isolation:MinimumTier is full", log, StringComparison.Ordinal);
        Assert.Contains("namespace", log[log.IndexOf("Missing:", StringComparison.Ordinal)..], StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Reduced))]
    public async Task Attacks_InTheTierReduced_AreHeld(string group, bool asRoot)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            output.WriteLine("Only root can become others.");
            return;
        }
        List<Attack> attacks = [.. Attack.Of(group).Where(attack => attack.IsForReduced)];
        var faults = new List<string>();
        foreach (var outcome in await Disposable.ReducedAsync(attacks, asRoot))
        {
            output.WriteLine($"{outcome.End,-10} {(outcome.IsBreach ? "BREACH" : "held")} {outcome.Name}");
            faults.AddRange(outcome.Lines.Where(line => line.StartsWith("BREACH", StringComparison.Ordinal)).Select(line => $"{outcome.Name}: {line}"));
            if (outcome.IsBreach || outcome.End != "done" || !outcome.Output.Contains("HELD", StringComparison.Ordinal))
                faults.Add($"{outcome}: {outcome.Detail}");
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    public void Dispose() => _data.Delete(recursive: true);

    private static string[] InNamespaces(string[] kinds, string script) =>
        ["unshare", .. kinds, .. Environment.IsPrivilegedProcess ? Array.Empty<string>() : ["--user", "--map-root-user"], "sh", "-c", script, "sh"];
}

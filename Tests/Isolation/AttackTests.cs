using Sandbox.Cluster.Tests.Support;
using Xunit.Abstractions;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>
/// Every attack of the table, twice: where its wall is missing it succeeds, which proves that it is one; behind all walls it is
/// held, has a typed answer, a neighbour that goes on answering, and leaves nothing.
/// </summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public class AttackTests(ITestOutputHelper output)
{
    // What the kernel says where it has none of what was attacked.
    private static readonly string[] Absent = ["ENOSYS", "EAFNOSUPPORT", "ENOENT"];

    public static TheoryData<string> Groups => [.. Attack.All.Where(attack => attack.IsForFull).Select(attack => attack.Group).Distinct()];

    public static TheoryData<string> Demonstrations => [.. Attack.All.Where(IsDemonstrated).Select(attack => attack.Group).Distinct()];

    [Theory]
    [MemberData(nameof(Demonstrations))]
    public async Task Attacks_WithoutTheirWalls_Succeed(string group)
    {
        List<Attack> attacks = [.. Attack.Of(group).Where(IsDemonstrated)];
        var faults = new List<string>();
        foreach (var (attack, outcome) in attacks.Zip(await Disposable.WithoutWallsAsync(attacks)))
        {
            output.WriteLine($"{(outcome.IsBreach ? "breached" : "HELD")} {attack.Name}");
            if (!outcome.IsBreach)
                faults.Add($"{outcome} without a wall: {outcome.Output}{outcome.Detail}");
            foreach (var line in outcome.Lines.Where(line => line.StartsWith("HELD", StringComparison.Ordinal) && outcome.End != "broken"))
            {
                output.WriteLine($"    {line}");
                if (!Absent.Any(line.EndsWith) && !attack.Closed.Any(label => line.StartsWith($"HELD {label} ", StringComparison.Ordinal)) && attack.Leaves is null)
                    faults.Add($"{attack.Name}: {line}, without a wall; if nothing can be done about it, its rule 'closed' says so");
            }
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Attacks_BehindAllWalls_AreHeldAnsweredAndLeaveNothing(string group)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-test-");
        try
        {
            var mounts = ProcessTree.Mounts(Environment.ProcessId);
            // What is lost is lost in every run: a session saved in between would come back on a slow machine, and not on a fast one.
            await using var api = await ApiProcess.StartAsync(
                data.FullName, ("ConnectionStrings__Silo", Disposable.Treasure), ("Sandbox__Checkpoints__QuietPeriod", "01:00:00"));
            var launchers = ProcessTree.Children(api.ProcessId);
            using var host = new HostServices();
            var field = new AttackField(api, host, await Neighbour.StartAsync(api.Client), output);
            var before = ProcessTree.UnixSockets(api.ProcessId);
            foreach (var attack in Attack.Of(group).Where(attack => attack.IsForFull))
                await field.SufferAsync(attack);

            // A context holds a home and an interpreter, and nothing more however it was attacked; what was ended last is closed soon.
            int Sockets() => ProcessTree.UnixSockets(api.ProcessId) - before;
            await Eventually.UntilAsync(() => Sockets() <= 2 * field.Contexts)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (Sockets() is var sockets && sockets > 2 * field.Contexts)
                field.Faults.Add($"{sockets} sockets for {field.Contexts} contexts");
            var processes = ProcessTree.Descendants(api.ProcessId);
            var groups = launchers.SelectMany(ProcessTree.Groups).ToList();

            if (await api.TerminateAsync() is not 0 and var code)
                field.Faults.Add($"exit code {code}");
            field.Faults.AddRange(processes.Where(pid => Directory.Exists($"/proc/{pid}")).Select(pid => $"process {pid} is left"));
            field.Faults.AddRange(Attack.Of(group).Where(attack => attack.Leaves is { } name && ProcessTree.Named(name).Count > 0).Select(attack => $"{attack.Leaves} is left"));
            field.Faults.AddRange(groups.Where(Directory.Exists).Select(path => $"{path} is left"));
            field.Faults.AddRange(ProcessTree.Mounts(Environment.ProcessId).Except(mounts).Select(mount => $"a mount is left: {mount}"));
            field.Faults.AddRange(Directory.GetFileSystemEntries(Path.Combine(data.FullName, "tmp")).Select(path => $"{path} is left"));
            field.Faults.AddRange(Directory.GetFileSystemEntries(data.FullName).Select(Path.GetFileName).Except(["tmp", "records", "checkpoints", "lock"]).Select(name => $"{name} is left"));
            if (api.Log.Contains("fail:", StringComparison.Ordinal) || api.Log.Contains(Disposable.Treasure, StringComparison.Ordinal))
                field.Faults.Add($"its log:\n{api.Log}");
            Assert.True(field.Faults.Count == 0, string.Join('\n', field.Faults));
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public void Table_SaysOfEveryAttackWhetherItIsDemonstratedOrWhyNot()
    {
        foreach (var group in Attack.All.GroupBy(attack => attack.Group))
            output.WriteLine($"{group.Key,-12} {group.Count(),3} attacks, {group.Count(IsDemonstrated),3} demonstrated");
        var reasons = Attack.All.Where(attack => attack.Undemonstrated is not null).GroupBy(attack => attack.Undemonstrated!);
        foreach (var reason in reasons.OrderByDescending(reason => reason.Count()))
            output.WriteLine($"{reason.Count(),3} × {reason.Key}");
        Assert.Equal(Attack.All.Count, Attack.All.DistinctBy(attack => attack.ToString()).Count());
        Assert.True(Attack.All.Count(IsDemonstrated) >= 70, "An attack that could never succeed proves nothing.");
    }

    private static bool IsDemonstrated(Attack attack) =>
        attack.Undemonstrated is null && (attack.Demonstrate != "root" || Environment.IsPrivilegedProcess);
}

using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>What the README promises of isolation, and the attacks on it: a promise without an attack is none.</summary>
public class PromiseTests
{
    public static TheoryData<string, string[]> Promises => new()
    {
        { "own processes", ["neighbours: Every process of the machine", "processes: Kill everybody", "processes: Signal every process there is"] },
        { "files", ["neighbours: A neighbour's files", "files: Write where the machine keeps its files", "files: Read what only root may"] },
        { "network", ["network: Services of the host", "network: The metadata service", "neighbours: A neighbour's sockets"] },
        { "users", ["kernel: Become somebody else"] },
        { "no capabilities", ["kernel: Capabilities"] },
        { "an allow-list of system calls", ["kernel: Calls that are not on the list", "kernel: The door of 32-bit programs"] },
        { "512 MiB", ["memory: A heap that grows", "memory: Shared memory of no file", "typescript: Bytes beyond the limit"] },
        { "256 MiB of it in files", ["files: A disk filled in three places", "memory: Files and heap together"] },
        { "processor (one core)", ["processes: More than one core"] },
        { "processes (128)", ["processes: A fork bomb, with a fuse", "processes: A thread bomb"] },
        { "No network, unless", ["network: Any port of loopback", "network: Names", "network: A way out"] },
    };

    [Theory]
    [MemberData(nameof(Promises))]
    public async Task Promise_IsInTheReadmeAndIsAttacked(string promise, string[] attacks)
    {
        var readme = string.Join(' ', (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"))).Split('\n', StringSplitOptions.TrimEntries));
        Assert.Contains(promise, readme, StringComparison.Ordinal);
        var known = Attack.All.Select(attack => attack.ToString()).ToHashSet();
        Assert.All(attacks, attack => Assert.Contains(attack, known));
    }
}

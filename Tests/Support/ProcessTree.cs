using System.Globalization;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>What the machine says of processes.</summary>
internal static class ProcessTree
{
    // The kernel's unit of what it tells of processes, whatever its own is.
    private static readonly TimeSpan TickLength = TimeSpan.FromMilliseconds(10);

    /// <summary>The ids of all processes.</summary>
    public static IReadOnlyList<int> All => [.. Directory.GetDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0).Where(id => id > 0)];

    /// <summary>Those that it started itself.</summary>
    public static IReadOnlyList<int> Children(int pid) => [.. All.Where(id => ParentOf(id) == pid)];

    /// <summary>All below it. Those that have ended and were not waited for are left out: nothing of them is there but their number.</summary>
    public static IReadOnlyList<int> Descendants(int pid)
    {
        var parents = All.Select(id => (Id: id, Parent: ParentOf(id))).ToLookup(one => one.Parent, one => one.Id);
        var found = new List<int>();
        var unvisited = new Stack<int>([pid]);
        while (unvisited.TryPop(out var next))
        {
            foreach (var child in parents[next])
            {
                found.Add(child);
                unvisited.Push(child);
            }
        }
        return found;
    }

    /// <summary>Every process of this name.</summary>
    public static IReadOnlyList<int> Named(string name) => [.. All.Where(id => Read($"/proc/{id}/comm") == name)];

    /// <summary>The cgroups that a launcher with this process id made, its contexts' and its own.</summary>
    public static IReadOnlyList<string> Groups(int launcher) => Directory.Exists("/sys/fs/cgroup")
        ? [.. Directory.EnumerateDirectories("/sys/fs/cgroup", $"sandbox-{launcher}", new EnumerationOptions { RecurseSubdirectories = true })
            .SelectMany(path => Directory.GetDirectories(path).Prepend(path))]
        : [];

    /// <summary>What is mounted where it lives, a line of <c>mountinfo</c> each.</summary>
    public static IReadOnlyList<string> Mounts(int pid) => Read($"/proc/{pid}/mountinfo").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What its open descriptors are of.</summary>
    public static IReadOnlyList<string> Descriptors(int pid)
    {
        var found = new List<string>();
        foreach (var path in Directory.GetFiles($"/proc/{pid}/fd"))
        {
            if (new FileInfo(path).LinkTarget is { } target)
                found.Add(target);
        }
        return found;
    }

    /// <summary>Connected unix sockets: what a silo holds of its contexts.</summary>
    public static int UnixSockets(int pid)
    {
        var sockets = Descriptors(pid).Where(target => target.StartsWith("socket:", StringComparison.Ordinal))
            .Select(target => target[8..^1]).ToHashSet();
        return Read($"/proc/{pid}/net/unix").Split('\n').Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Count(fields => fields.Length > 6 && sockets.Contains(fields[6]));
    }

    /// <summary>The processor time that they took, to 10 ms each; none of those that are gone.</summary>
    public static TimeSpan ProcessorTime(IEnumerable<int> pids) => TickLength * pids.Select(StatOf).OfType<string[]>().Sum(fields =>
        long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture));

    private static int ParentOf(int pid) =>
        StatOf(pid) is { } fields && fields[0] is not ("Z" or "X") ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;

    /// <summary>The fields behind the name, which stands in parentheses and may hold anything: state, parent and so on.</summary>
    private static string[]? StatOf(int pid)
    {
        var stat = Read($"/proc/{pid}/stat");
        return stat.LastIndexOf(')') is > 0 and var at ? stat[(at + 2)..].Split(' ') : null;
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

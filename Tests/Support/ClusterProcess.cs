using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>A real cluster, as <c>deploy/cluster.sh</c> runs it: silos and Apis, each a process on loopback, and Redis where settings name no other storage.</summary>
public sealed partial class ClusterProcess : IAsyncDisposable
{
    /// <summary>Settings for tests that are not about how fast a context starts: several silos share this machine.</summary>
    public static readonly (string Name, string Value)[] NoneWarm = [("Sandbox__Interpreters__WarmMinimum", "0"), ("Sandbox__Interpreters__WarmMaximum", "0")];

    private static readonly TimeSpan StartBound = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan StopBound = TimeSpan.FromMinutes(2);
    private static readonly string Script = Path.Combine(Repository.Root, "deploy", "cluster.sh");

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("cluster-test-");
    private readonly (string Name, string Value)[] _settings;
    private readonly Process _process;
    private readonly List<Member> _members = [];

    private ClusterProcess((string Name, string Value)[] settings, params string[] arguments)
    {
        _settings = settings;
        _process = Start(arguments);
    }

    /// <summary>Clients of the Apis, in the order of their numbers.</summary>
    public IReadOnlyList<HttpClient> Clients { get; private set; } = [];

    /// <summary>The process ids of the silos that were started, by number.</summary>
    public IReadOnlyDictionary<int, int> Silos => ProcessesOf("silo");

    /// <summary>The process ids of the Apis, by number.</summary>
    public IReadOnlyDictionary<int, int> Apis => ProcessesOf("api");

    /// <summary>The process id of Redis.</summary>
    public int Redis => _members.Single(member => member.Kind == "redis").ProcessId;

    /// <summary>Where Redis listens, as a client's configuration has it.</summary>
    public string RedisAddress => _members.Single(member => member.Kind == "redis").Endpoint!;

    /// <summary>Starts a cluster and waits until it is ready.</summary>
    public static async Task<ClusterProcess> StartAsync(int silos, int apis, params (string Name, string Value)[] settings)
    {
        var cluster = new ClusterProcess(settings, "up", "--silos", Text(silos), "--apis", Text(apis));
        try
        {
            await cluster.ReadyAsync().WaitAsync(StartBound);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The silo that a process of an interpreter belongs to.</summary>
    public int SiloOf(int pid)
    {
        var silos = Silos.Values.ToHashSet();
        while (!silos.Contains(pid))
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            pid = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        return pid;
    }

    /// <summary>Adds a silo, and returns when it has joined.</summary>
    public Task AddSiloAsync() => AddSiloAsync(StartBound);

    /// <summary>Adds a silo that joins within that time.</summary>
    public async Task AddSiloAsync(TimeSpan bound) => _members.Add(Member.Parse((await RunAsync(bound, "add", "silo")).Single()));

    /// <summary>What <c>cluster.sh list</c> prints.</summary>
    public Task<IReadOnlyList<string>> ListAsync() => RunAsync(StartBound, "list");

    /// <summary>Sends a signal to a member.</summary>
    public static void Signal(int pid, int signal)
    {
        if (Kill(pid, signal) != 0)
            throw new InvalidOperationException($"Process {pid} cannot be signalled.");
    }

    /// <summary>SIGTERM to the script: its exit code, and the members that it left alive.</summary>
    public async Task<(int ExitCode, IReadOnlyList<int> Alive)> TerminateAsync()
    {
        Signal(_process.Id, 15);
        await _process.WaitForExitAsync().WaitAsync(StopBound);
        return (_process.ExitCode, [.. _members.Select(member => member.ProcessId).Where(pid => Directory.Exists($"/proc/{pid}"))]);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, 15);
            await _process.WaitForExitAsync().WaitAsync(StopBound).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        // Whoever was frozen, or did not listen.
        foreach (var pid in _members.Select(member => member.ProcessId).Append(_process.Id).Where(pid => Directory.Exists($"/proc/{pid}")))
            _ = Kill(pid, 9);
        _process.Dispose();
        foreach (var client in Clients)
            client.Dispose();
        _state.Delete(recursive: true);
    }

    private Dictionary<int, int> ProcessesOf(string kind) =>
        _members.Where(member => member.Kind == kind).ToDictionary(member => member.Number, member => member.ProcessId);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private Process Start(params string[] arguments)
    {
        var command = new ProcessStartInfo("bash") { RedirectStandardOutput = true, ArgumentList = { Script } };
        foreach (var argument in arguments)
            command.ArgumentList.Add(argument);
        command.Environment["SANDBOX_CLUSTER_STATE"] = _state.FullName;
        foreach (var (name, value) in _settings)
            command.Environment[name] = value;
        return Process.Start(command)!;
    }

    private async Task ReadyAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == "ready")
            {
                Clients = [.. _members.Where(member => member.Kind == "api").Select(
                    member => new HttpClient { BaseAddress = new Uri(member.Endpoint!), Timeout = TimeSpan.FromMinutes(2) })];
                return;
            }
            _members.Add(Member.Parse(line));
        }
        throw new InvalidOperationException($"The cluster did not become ready. {string.Join('\n', Directory.GetFiles(_state.FullName, "*.log").Select(File.ReadAllText))}");
    }

    private async Task<IReadOnlyList<string>> RunAsync(TimeSpan bound, params string[] arguments)
    {
        using var process = Start(arguments);
        using var end = new CancellationTokenSource(bound);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(end.Token);
            await process.WaitForExitAsync(end.Token);
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"cluster.sh {string.Join(' ', arguments)} ended with {process.ExitCode}.");
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    private sealed record Member(string Kind, int Number, int ProcessId, string? Endpoint)
    {
        /// <summary>Reads <c>api 1 pid 45 http://127.0.0.1:8081</c>, <c>redis 1 pid 41 127.0.0.1:6390</c> or <c>silo 1 pid 42</c>.</summary>
        public static Member Parse(string line)
        {
            var parts = line.Split(' ');
            if (parts is not [_, _, "pid", ..])
                throw new FormatException("A line of cluster.sh names no process.");
            return new Member(
                parts[0],
                int.Parse(parts[1], CultureInfo.InvariantCulture),
                int.Parse(parts[3], CultureInfo.InvariantCulture),
                parts.Length > 4 ? parts[4] : null);
        }
    }
}

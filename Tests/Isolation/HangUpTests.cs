using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Isolation;
using Sandbox.Cluster.Tests.Support;
using Xunit.Abstractions;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>When a context ends after an attack, however that went, its launcher holds what it held before: not a process more.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class HangUpTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private static readonly IsolationReport Walls = new(IsolationTier.Full, LimitKeeper.Cgroup, new Dictionary<string, string>());

    private readonly InterpreterOptions _options = new() { DriversDirectory = Repository.Drivers, WarmMinimum = 1, WarmMaximum = 1 };
    private Launcher _launcher = null!;
    private int _launcherId;

    public static TheoryData<string> Groups => ["processes", "memory", "files", "protocol"];

    public async Task InitializeAsync()
    {
        var before = ProcessTree.Children(Environment.ProcessId);
        _launcher = await Launcher.StartAsync(
            Language.Python, _options, Walls, new IsolationOptions(), NullLogger.Instance, CancellationToken.None);
        _launcherId = Assert.Single(ProcessTree.Children(Environment.ProcessId).Except(before));
    }

    public async Task DisposeAsync() => await _launcher.DisposeAsync();

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task HangUp_AfterAnAttack_LeavesNothingOfIt(string group)
    {
        var before = await SettledAsync();
        output.WriteLine($"{before}");
        foreach (var attack in Attack.Of(group).Where(attack => attack.IsForFull))
        {
            await using (var home = await Home.OpenAsync(_launcher.SocketPath, Language.Python, Surroundings.Default, new OutputLimits(), null, _options, CancellationToken.None))
            await using (var interpreter = await home.StartInterpreterAsync(null, CancellationToken.None))
            {
                var environment = new Dictionary<string, string>();
                var running = interpreter.ExecuteAsync(new InterpreterCommand("attack", 1, attack.Code, environment), new Nowhere());
                // What does not end by itself is hung up on in the middle.
                await Task.WhenAny(running, Task.Delay(attack.Timeout));
            }
            using var bound = new CancellationTokenSource(Bound);
            while (Holdings.Of(_launcherId) != before || (attack.Leaves is { } name && ProcessTree.Named(name).Count > 0))
            {
                Assert.False(bound.IsCancellationRequested, $"{attack.Name} left something: {Holdings.Of(_launcherId)}, before it {before}");
                await Task.Delay(20);
            }
            output.WriteLine($"nothing is left of: {attack.Name}");
        }
    }

    /// <summary>Once the pool's interpreter waits: two processes of bubblewrap, the launcher, a supervisor and a driver.</summary>
    private async Task<Holdings> SettledAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        Holdings holdings;
        while ((holdings = Holdings.Of(_launcherId)).Processes != 5 || holdings.Mounts == 0)
            await Task.Delay(20, bound.Token);
        return holdings;
    }

    /// <summary>What a launcher and its pool of one hold; sums, since the pool's members change.</summary>
    private sealed record Holdings(int Processes, int Groups, int Mounts, int Descriptors)
    {
        public static Holdings Of(int launcher)
        {
            var processes = ProcessTree.Descendants(launcher);
            // The launcher itself is the one inside of the outer wall that has children.
            var inside = processes.FirstOrDefault(pid => ProcessTree.Children(pid).Any(child => ProcessTree.Children(child).Count > 0 && IsPython(pid)));
            return new Holdings(
                processes.Count,
                ProcessTree.Groups(launcher).Count,
                ProcessTree.Mounts(inside).Count,
                inside == 0 ? 0 : ProcessTree.Descriptors(inside).Count);
        }

        private static bool IsPython(int pid) => new FileInfo($"/proc/{pid}/exe").LinkTarget?.Contains("python", StringComparison.Ordinal) == true;
    }

    private sealed class Nowhere : IOutputSink
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

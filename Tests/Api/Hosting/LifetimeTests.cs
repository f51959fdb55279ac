using System.Diagnostics;
using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Hosting;

/// <summary>Starting, stopping and starting again; each test has processes of its own.</summary>
[Trait("Category", "Slow")]
public sealed class LifetimeTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");

    [Fact]
    public async Task Terminate_EndsWithCodeZeroAndLeavesNothingBehind()
    {
        var before = Leftovers();
        await using var api = await ApiProcess.StartAsync(_data.FullName);
        await api.Client.ExecuteAsync("import subprocess\nsubprocess.Popen(['sleep', '600'])\nsubprocess.Popen(['setsid', 'sleep', '600'])", "python");
        await api.Client.ExecuteAsync("require('child_process').spawn('sleep', ['600']); 1", "typescript");
        var processes = Descendants(api.ProcessId);
        Assert.True(processes.Count >= 9, $"Two launchers, two supervisors, two drivers and three sleeps, but {processes.Count}.");

        Assert.Equal(0, await api.TerminateAsync());

        Assert.All(processes, pid => Assert.False(Directory.Exists($"/proc/{pid}"), $"Process {pid} is left."));
        Assert.Equal(before, Leftovers());
        Assert.DoesNotContain("fail:", api.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminate_TellsWhoeverWaits()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName);
        var running = api.Client.ExecuteAsync("print('begun', flush=True)\nimport time\ntime.sleep(600)");
        await UntilAsync(() => Descendants(api.ProcessId).Count >= 4);
        // The interpreter is there, and one more execution of it shows that the first is under way.
        await api.Client.ExecuteAsync("1", "typescript");

        Assert.Equal(0, await api.TerminateAsync());

        var answer = await running.WaitAsync(Bound);
        Assert.Equal((HttpStatusCode.OK, "Interrupted"), (answer.Status, answer.ErrorName));
        Assert.Contains("its silo is shutting down", answer.ErrorValue, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AfterARestart_KnowsItsContextsAndTellsOnceThatTheirStateIsLost()
    {
        await using (var first = await ApiProcess.StartAsync(_data.FullName))
        {
            await first.Client.ExecuteAsync("x = 1", "python", "mine");
            Assert.Equal(0, await first.TerminateAsync());
        }
        await using var second = await ApiProcess.StartAsync(_data.FullName);
        await AssertToldOnceAsync(second);
    }

    [Fact]
    public async Task Start_AfterACrash_LeavesNoProcessOfTheOldOneAndTellsOnceThatStateIsLost()
    {
        List<int> processes;
        await using (var first = await ApiProcess.StartAsync(_data.FullName))
        {
            await first.Client.ExecuteAsync("x = 1", "python", "mine");
            processes = Descendants(first.ProcessId);
            await first.CrashAsync();
        }
        await UntilAsync(() => processes.TrueForAll(pid => !Directory.Exists($"/proc/{pid}")));
        await using var second = await ApiProcess.StartAsync(_data.FullName);
        await AssertToldOnceAsync(second);
    }

    [Fact]
    public async Task Start_OnADataFolderInUse_IsRefusedAndSaysWhatToDo()
    {
        await using var first = await ApiProcess.StartAsync(_data.FullName);
        var (exitCode, log) = await ApiProcess.RefuseAsync(_data.FullName);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("set Sandbox:DataDirectory", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithOptionsOutOfBounds_IsRefusedAndNamesAllOfThem()
    {
        var (exitCode, log) = await ApiProcess.RefuseAsync(
            _data.FullName, ("Sandbox__Contexts__MaxQueuedExecutions", "-1"), ("Sandbox__Output__StreamBytes", "5"));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("MaxQueuedExecutions", log, StringComparison.Ordinal);
        Assert.Contains("StreamBytes", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_SaysWhenTheApiIsAliveAndWhenItIsReady()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName);
        foreach (var path in (string[])["/healthz", "/readyz"])
            Assert.Equal("""{"status":"ok"}""", await api.Client.GetStringAsync(new Uri(path, UriKind.Relative)));
    }

    [Fact]
    public async Task Readyz_WithoutItsInterpreters_IsNotReadyAndExecuteSaysThatNothingRan()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName);
        var launchers = Children(api.ProcessId);
        foreach (var launcher in launchers)
            Process.GetProcessById(launcher).Kill();
        await UntilAsync(async () =>
        {
            using var answer = await api.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.ServiceUnavailable;
        });
        // The next call starts a launcher again.
        Assert.Equal("2", (await api.Client.ExecuteAsync("1 + 1")).Text);
    }

    [Fact]
    public async Task Log_HoldsNothingThatAUserWrote()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName, ("Logging__LogLevel__Default", "Debug"));
        await api.Client.ExecuteAsync(
            "print('SECRET-out')\nraise ValueError('SECRET-error')", environment: new Dictionary<string, string> { ["SECRET_NAME"] = "SECRET-value" });
        await api.Client.ExecuteAsync("console.log('SECRET-out'); process.exit(1)", "typescript");
        await api.TerminateAsync();
        Assert.DoesNotContain("SECRET", api.Log, StringComparison.OrdinalIgnoreCase);
    }

    public void Dispose() => _data.Delete(recursive: true);

    private static async Task AssertToldOnceAsync(ApiProcess api)
    {
        var told = await api.Client.ExecuteAsync("x", contextId: "mine");
        Assert.Equal((HttpStatusCode.InternalServerError, "ContextLost", "lost", "2"), (told.Status, told.ErrorName, told.State, told.Incarnation));
        var refused = await api.Client.ExecuteAsync("x", "typescript", "mine");
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        var next = await api.Client.ExecuteAsync("x", contextId: "mine");
        Assert.Equal(("NameError", "kept", 1), (next.ErrorName, next.State, next.Count));
    }

    /// <summary>What launchers keep in the temporary folder.</summary>
    private static List<string> Leftovers() => [.. Directory.GetDirectories(Path.GetTempPath(), "sandbox-*")
        .Where(path => !Path.GetFileName(path).StartsWith("sandbox-test-", StringComparison.Ordinal)).Order()];

    private static List<int> Descendants(int pid) => [.. Children(pid).SelectMany(child => Descendants(child).Prepend(child))];

    private static List<int> Children(int pid) => [.. Directory.GetDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0)
        .Where(id => id > 0 && ParentOf(id) == pid)];

    private static int ParentOf(int pid)
    {
        try
        {
            // The name in parentheses may hold anything; the parent is the second field behind it.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!await condition())
            await Task.Delay(10, bound.Token);
    }
}

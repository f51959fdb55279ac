using System.Diagnostics;
using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Hosting;

/// <summary>Starting, stopping and starting again; each test has processes of its own.</summary>
[Trait("Category", "Slow")]
public sealed class LifetimeTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    /// <summary>No session is saved while it is quiet, so that one whose interpreter goes is lost.</summary>
    private static readonly (string, string) Unsaved = ("Sandbox__Checkpoints__QuietPeriod", "01:00:00");

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");

    [Fact]
    public async Task Terminate_EndsWithCodeZeroAndLeavesNothingBehind()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName);
        await api.Client.ExecuteAsync("import subprocess\nsubprocess.Popen(['sleep', '600'])\nsubprocess.Popen(['setsid', 'sleep', '600'])", "python");
        await api.Client.ExecuteAsync("require('child_process').spawn('sleep', ['600']); 1", "typescript");
        var processes = ProcessTree.Descendants(api.ProcessId);
        Assert.True(processes.Count >= 9, $"Two launchers, two supervisors, two drivers and three sleeps, but {processes.Count}.");

        Assert.Equal(0, await api.TerminateAsync());

        Assert.All(processes, pid => Assert.False(Directory.Exists($"/proc/{pid}"), $"Process {pid} is left."));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_data.FullName, "tmp")));
        Assert.DoesNotContain("fail:", api.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminate_TellsWhoeverWaits()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName);
        var id = ApiFixture.NewContextId();
        var sign = new Sign();
        var running = api.Client.ExecuteAsync($"{sign.GivePython()}\nimport time\ntime.sleep(600)", contextId: id);
        await sign.GivenAsync();
        // Its connection is open already: what it sends has arrived before the signal.
        using var other = new HttpClient { BaseAddress = api.Address };
        using var health = await other.GetAsync(new Uri("/healthz", UriKind.Relative));
        var waiting = other.ExecuteAsync("1", contextId: id);

        Assert.Equal(0, await api.TerminateAsync());

        var answer = await running.WaitAsync(Bound);
        Assert.Equal((HttpStatusCode.OK, "Interrupted", "new", "1"), (answer.Status, answer.ErrorName, answer.State, answer.Incarnation));
        Assert.Equal("The code was interrupted: its silo is shutting down. The context's state is kept.", answer.ErrorValue);
        // What waited never ran, whether it was still accepted or not, and may be sent again.
        var refused = await waiting.WaitAsync(Bound);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, null), (refused.Status, refused.State));
        Assert.NotNull(refused.Header("Retry-After"));
    }

    [Fact]
    public async Task Start_AfterARestart_GoesOnWithTheSessionsOfBefore()
    {
        await using (var first = await ApiProcess.StartAsync(_data.FullName, Unsaved))
        {
            await first.Client.ExecuteAsync("x = 41\nprint('kept', file=open('note', 'w'))", "python", "mine");
            await first.Client.ExecuteAsync("let x = 41", "typescript", "other");
            Assert.Equal(0, await first.TerminateAsync());
        }
        await using var second = await ApiProcess.StartAsync(_data.FullName);
        foreach (var (id, code, text) in ((string, string, string)[])[("mine", "x + 1, open('note').read()", "(42, 'kept\\n')"), ("other", "x + 1", "42")])
        {
            var woken = await second.Client.ExecuteAsync(code, contextId: id);
            Assert.Equal((text, "restored", "1", 2), (woken.Text, woken.State, woken.Incarnation, woken.Count));
            Assert.Equal("kept", (await second.Client.ExecuteAsync("1", contextId: id)).State);
        }
    }

    [Fact]
    public async Task Start_AfterACrash_LeavesNoProcessOfTheOldOneAndTellsOnceThatStateIsLost()
    {
        IReadOnlyList<int> processes;
        await using (var first = await ApiProcess.StartAsync(_data.FullName, Unsaved))
        {
            await first.Client.ExecuteAsync("x = 1", "python", "mine");
            processes = ProcessTree.Descendants(first.ProcessId);
            await first.CrashAsync();
        }
        await Eventually.UntilAsync(() => processes.All(pid => !Directory.Exists($"/proc/{pid}")));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_data.FullName, "tmp"), "sandbox-*"));
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
    public async Task Readyz_WhenTheLaunchersDie_IsReadyAgainByItself()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName, Unsaved);
        await api.Client.ExecuteAsync("x = 1", contextId: "mine");
        var launchers = ProcessTree.Children(api.ProcessId);
        foreach (var launcher in launchers)
            Process.GetProcessById(launcher).Kill();
        await Eventually.UntilAsync(async () => !ProcessTree.Children(api.ProcessId).Intersect(launchers).Any() && await ReadyzAsync(api) == HttpStatusCode.OK);
        await AssertToldOnceAsync(api);
    }

    [Fact]
    public async Task Start_WithoutPython_IsRefusedAndSaysWhatToDo()
    {
        var (exitCode, log) = await ApiProcess.RefuseAsync(_data.FullName, ("Sandbox__Interpreters__PythonPath", "/nonexistent/python3"));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("/nonexistent/python3 cannot be started; run deploy/prerequisites.sh", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readyz_WithoutInterpretersOfALanguage_SaysSoAndExecuteSaysThatNothingRan()
    {
        await using var api = await ApiProcess.StartUnreadyAsync(
            _data.FullName, ("Sandbox__Interpreters__BunPath", "/nonexistent/bun"), ("Sandbox__Interpreters__StartTimeout", "00:00:01"));
        using var readyz = await api.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, readyz.StatusCode);
        Assert.NotNull(readyz.Headers.RetryAfter);
        var answer = await api.Client.ExecuteAsync("1", "typescript");
        Assert.Equal((HttpStatusCode.InternalServerError, "InternalError", "new"), (answer.Status, answer.ErrorName, answer.State));
        Assert.EndsWith("The code was not run.", answer.ErrorValue, StringComparison.Ordinal);
        Assert.Contains("No Bun at /nonexistent/bun", api.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_OnARecordThatCannotBeRead_SaysThatNothingRan()
    {
        await using (var first = await ApiProcess.StartAsync(_data.FullName))
        {
            await first.Client.ExecuteAsync("1", contextId: "mine");
            await first.TerminateAsync();
        }
        foreach (var record in Directory.GetFiles(Path.Combine(_data.FullName, "records")))
            await File.WriteAllTextAsync(record, "{");
        await using var second = await ApiProcess.StartAsync(_data.FullName);
        var answer = await second.Client.ExecuteAsync("1", contextId: "mine");
        Assert.Equal((HttpStatusCode.InternalServerError, "InternalError"), (answer.Status, answer.ErrorName));
        Assert.Equal("The context could not be activated. The code was not run.", answer.ErrorValue);
    }

    [Fact]
    public async Task Execute_WhenTheLaunchersAreKilledDuringARun_IsAFaultOfThePlatform()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName);
        var sign = new Sign();
        var running = api.Client.ExecuteAsync($"{sign.GivePython()}\nimport time\ntime.sleep(600)");
        await sign.GivenAsync();
        foreach (var launcher in ProcessTree.Children(api.ProcessId))
            Process.GetProcessById(launcher).Kill();
        var answer = await running.WaitAsync(Bound);
        Assert.Equal((HttpStatusCode.InternalServerError, "InternalError", "lost"), (answer.Status, answer.ErrorName, answer.State));
    }

    [Fact]
    public async Task Execute_WhenTheClientLeaves_IsInterruptedLongBeforeItsLeaseLapses()
    {
        // Without the Api's word the context would notice after more than a minute.
        await using var api = await ApiProcess.StartAsync(
            _data.FullName, ("Sandbox__Contexts__AnswerWithin", "00:00:05"), ("Sandbox__Contexts__FollowerLease", "00:01:00"));
        await api.Client.ExecuteAsync("done = []", contextId: "mine");
        var sign = new Sign();
        using (var leaving = new CancellationTokenSource())
        {
            var abandoned = api.Client.ExecuteAsync(
                $"{sign.GivePython()}\nimport time\ntime.sleep(600)\ndone.append(1)", contextId: "mine", cancellationToken: leaving.Token);
            await sign.GivenAsync();
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        }
        var next = await api.Client.ExecuteAsync("done", contextId: "mine").WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(("[]", "kept"), (next.Text, next.State));
    }

    [Theory]
    [InlineData("/execute")]
    [InlineData("/execute/async")]
    public async Task Execute_WhenTheClientOfAStreamLeaves_IsInterruptedBeforeTheContextWouldTellMore(string path)
    {
        await using var api = await ApiProcess.StartAsync(
            _data.FullName, ("Sandbox__Contexts__AnswerWithin", "00:00:05"), ("Sandbox__Contexts__FollowerLease", "00:01:00"));
        var request = EventStream.Request("done = []\nprint('on', flush=True)\nimport time\ntime.sleep(600)\ndone.append(1)", contextId: "mine", timeoutMs: 600_000);
        request.RequestUri = new Uri(path, UriKind.Relative);
        using (var stream = await EventStream.OpenAsync(api.Client, request))
        {
            while ((await stream.NextAsync())!.Data.GetRawText().Contains("\"on", StringComparison.Ordinal) is false)
                continue;
        }
        // The context has just been asked for more, and has five seconds to answer.
        var next = await api.Client.ExecuteAsync("done", contextId: "mine").WaitAsync(TimeSpan.FromSeconds(4.5));
        Assert.Equal(("[]", "kept"), (next.Text, next.State));
    }

    [Fact]
    public async Task Execute_WhenStateWasLostAndWhoeverLostItHasLeft_TellsTheNext()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName, Unsaved);
        await api.Client.ExecuteAsync("x = 1", contextId: "mine");
        var sign = new Sign();
        using (var leaving = new CancellationTokenSource())
        {
            var abandoned = api.Client.ExecuteAsync($"{sign.GivePython()}\nsum(range(10**12))", contextId: "mine", cancellationToken: leaving.Token);
            await sign.GivenAsync();
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        }
        await AssertToldOnceAsync(api);
    }

    [Theory]
    [InlineData("Content-Length: 100000", "{")]
    [InlineData("Transfer-Encoding: chunked", "1\r\n{\r\n")]
    public async Task Log_WhenClientsLeaveDuringTheirUploads_HasNoFault(string bodyHeader, string begun)
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName);
        for (var i = 0; i < 20; i++)
        {
            using var client = await RawClient.ConnectAsync(api.Address);
            await client.SendHeadAsync(bodyHeader);
            await client.SendAsync(begun);
            // Some are being read by then, some not yet.
            if (i % 2 == 0)
                await api.Client.GetStringAsync(new Uri("/healthz", UriKind.Relative));
            client.Leave(abruptly: i % 4 < 2);
        }
        Assert.Equal(0, await api.TerminateAsync());
        Assert.DoesNotMatch("fail:|crit:|Exception", api.Log);
    }

    [Fact]
    public async Task Put_ThatStandsStillForLongerThanItsLease_IsToldSo()
    {
        await using var api = await ApiProcess.StartAsync(_data.FullName, ("Sandbox__Files__TransferLease", "00:00:01"));
        await api.Client.ExecuteAsync("1", contextId: "mine");
        using var client = await RawClient.ConnectAsync(api.Address);
        await client.SendAsync("PUT /contexts/mine/files/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n1");
        var answer = await client.ReceiveAsync("}");
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("{\"message\":\"The request came too slowly.\"}", answer, StringComparison.Ordinal);
        Assert.Equal("[]", (await api.Client.ExecuteAsync("import os; os.listdir()", contextId: "mine")).Text);
        Assert.DoesNotMatch("fail:|crit:", api.Log);
    }

    [Fact]
    public async Task Log_HoldsNothingThatAUserWrote()
    {
        await using var api = await ApiProcess.StartAsync(
            _data.FullName,
            ("Logging__LogLevel__Default", "Trace"),
            ("Logging__LogLevel__Orleans", "Trace"),
            ("Logging__LogLevel__Orleans.Grain", "Trace"),
            ("Logging__LogLevel__Orleans.Runtime.Messaging", "Trace"),
            ("Logging__LogLevel__Microsoft.AspNetCore", "Trace"));
        await api.Client.ExecuteAsync(
            "print('SECRET-out')\nraise ValueError('SECRET-error')", contextId: "SECRET-context", environment: new Dictionary<string, string> { ["SECRET_NAME"] = "SECRET-value" });
        await api.Client.ExecuteAsync("console.log('SECRET-out'); process.exit(1)", "typescript");
        await api.TerminateAsync();
        Assert.DoesNotContain("SECRET", api.Log, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Activating grain [Activation: ", api.Log, StringComparison.Ordinal);
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

    private static async Task<HttpStatusCode> ReadyzAsync(ApiProcess api)
    {
        using var answer = await api.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        return answer.StatusCode;
    }
}

using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Execute;

/// <summary>How executions end that do not end by themselves, what becomes of the state, and who is told.</summary>
[Collection(ApiCollection.Name)]
public class StopTests(ApiFixture api)
{
    // Milliseconds, for code that waits for the test: a busy machine must not end it first.
    private const int LongerThanAnyTest = 600_000;

    [Theory]
    [InlineData("python", "kept = 41", "while True: pass")]
    [InlineData("python", "kept = 41", "import time; time.sleep(600)")]
    [InlineData("python", "kept = 41", "!sleep 600")]
    [InlineData("python", "kept = 41", "import asyncio; await asyncio.sleep(600)")]
    [InlineData("python", "kept = 41", "while True:\n    try:\n        while True: pass\n    except Exception: pass")]
    [InlineData("python", "kept = 41", "import time\nwhile True:\n    try:\n        time.sleep(600)\n    except KeyboardInterrupt: pass")]
    [InlineData("python", "kept = 41", "import os, signal, time\nos.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(600)")]
    [InlineData("typescript", "let kept = 41", "process.kill(process.pid, 'SIGSTOP'); for (;;) {}")]
    [InlineData("typescript", "let kept = 41", "for (;;) {}")]
    [InlineData("typescript", "let kept = 41", "await new Promise(() => {})")]
    [InlineData("typescript", "let kept = 41", "await Bun.sleep(600_000)")]
    [InlineData("typescript", "let kept = 41", "await 0; for (;;) {}")]
    [InlineData("typescript", "let kept = 41", "await (async () => { for (;;) await 0 })()")]
    [InlineData("typescript", "let kept = 41", "for (;;) { try { for (;;) {} } catch {} }")]
    public async Task Execute_WhenTheDeadlinePasses_InterruptsAndKeepsState(string language, string before, string code)
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync(before, language, id);

        var answer = await api.Client.ExecuteAsync(code, language, id, timeoutMs: 200);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("TimeoutError", answer.ErrorName);
        Assert.Equal("The code ran for more than 200 ms and was interrupted. The context's state is kept.", answer.ErrorValue);
        Assert.Equal(("kept", "1"), (answer.State, answer.Incarnation));
        var next = await api.Client.ExecuteAsync("kept + 1", contextId: id);
        Assert.Equal(("42", "kept", 3), (next.Text, next.State, next.Count));
    }

    [Theory]
    [InlineData("python", "sum(range(10**12))")]
    [InlineData("typescript", "require('child_process').execSync(\"trap '' INT; sleep 600\")")]
    public async Task Execute_WhenTheCodeCannotBeStopped_EndsTheInterpreterAndSaysSo(string language, string code)
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("1", language, id);

        var answer = await api.Client.ExecuteAsync(code, language, id, timeoutMs: 200);

        Assert.Equal((HttpStatusCode.OK, "TimeoutError"), (answer.Status, answer.ErrorName));
        Assert.EndsWith("The context's state is lost.", answer.ErrorValue, StringComparison.Ordinal);
        Assert.Equal(("lost", "2"), (answer.State, answer.Incarnation));
        await AssertAnewAsync(id, language);
    }

    [Fact]
    public async Task Execute_WhenTheDeadlinePasses_KeepsTheOutputSoFar()
    {
        var answer = await api.Client.ExecuteAsync("print('so far')\ndisplay(1)\nwhile True: pass", timeoutMs: 300);
        Assert.Equal("TimeoutError", answer.ErrorName);
        Assert.Equal(["so far"], answer.Stdout);
        Assert.Single(answer.Items);
        Assert.Contains("line 3", answer.Traceback, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("python", "import os; os._exit(3)", "it exited with code 3")]
    [InlineData("python", "import ctypes; ctypes.string_at(0)", "signal 11")]
    [InlineData("python", "import os; os.abort()", "signal 6")]
    [InlineData("python", "import os; os.kill(os.getpid(), 9)", "signal 9")]
    [InlineData("typescript", "process.exit(3)", "it exited with code 3")]
    [InlineData("typescript", "process.kill(process.pid, 'SIGKILL')", "signal 9")]
    public async Task Execute_WhenTheCodeEndsItsInterpreter_SaysHowAndBeginsAnew(string language, string code, string how)
    {
        var id = ApiFixture.NewContextId();
        var print = language == "python" ? "print('last words', flush=True)\n" : "console.log('last words')\n";

        var answer = await api.Client.ExecuteAsync(print + code, language, id);

        Assert.Equal((HttpStatusCode.OK, "InterpreterExited"), (answer.Status, answer.ErrorName));
        Assert.Contains(how, answer.ErrorValue, StringComparison.Ordinal);
        Assert.Equal(["last words"], answer.Stdout);
        Assert.Equal(("lost", "2"), (answer.State, answer.Incarnation));
        await AssertAnewAsync(id, language);
    }

    [Theory]
    [InlineData("python", "import threading\ndef end():\n    {0}\nthreading.Timer(0.2, end).start()")]
    [InlineData("typescript", "setTimeout(() => { {0} }, 200); 1")]
    public async Task Execute_WhenTheInterpreterWasLostBetweenTwoCalls_SaysSoExactlyOnceAndRunsNothing(string language, string code)
    {
        var id = ApiFixture.NewContextId();
        var sign = new Sign();
        var give = language == "python" ? sign.GivePython() : sign.GiveTypeScript();
        await api.Client.ExecuteAsync(code.Replace("{0}", give, StringComparison.Ordinal), language, id);
        await sign.GivenAsync();
        sign.Answer();
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{sign.ProcessId}"));

        var told = await api.Client.ExecuteAsync(language == "python" ? "ran = 1" : "let ran = 1", language, id);

        Assert.Equal((HttpStatusCode.InternalServerError, "ContextLost"), (told.Status, told.ErrorName));
        Assert.Equal(("lost", "2"), (told.State, told.Incarnation));
        Assert.Contains("The code was not run", told.ErrorValue, StringComparison.Ordinal);
        Assert.False(told.Body.TryGetProperty("execution_count", out _));
        var next = await api.Client.ExecuteAsync("ran", language, id);
        Assert.Contains("ran", next.ErrorValue, StringComparison.Ordinal);
        Assert.Equal((1, "kept", "2"), (next.Count, next.State, next.Incarnation));
    }

    [Fact]
    public async Task Execute_WhenManyCallAfterTheStateWasLost_TellsOneAndRunsTheOthers()
    {
        var id = ApiFixture.NewContextId();
        var sign = new Sign();
        await api.Client.ExecuteAsync($"import threading\ndef end():\n    {sign.GivePython()}\nthreading.Timer(0.2, end).start()", contextId: id);
        await sign.GivenAsync();
        sign.Answer();
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{sign.ProcessId}"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.Client.ExecuteAsync("1", contextId: id)));

        var told = Assert.Single(answers, answer => answer.Status == HttpStatusCode.InternalServerError);
        Assert.Equal(("ContextLost", "lost", "2"), (told.ErrorName, told.State, told.Incarnation));
        Assert.All(answers.Except([told]), answer => Assert.Equal(("1", "kept", "2"), (answer.Text, answer.State, answer.Incarnation)));
        Assert.Equal(8, (await api.Client.ExecuteAsync("1", contextId: id)).Count);
    }

    [Fact]
    public async Task Execute_WhenTheStateIsLost_TellsEverybodyWhoWaited()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("1", contextId: id);
        var sign = new Sign();
        var running = api.Client.ExecuteAsync(
            $"{sign.GiveAndAwaitAnswerPython()}\nimport os; os._exit(1)", contextId: id, timeoutMs: LongerThanAnyTest);
        await sign.GivenAsync();
        // More than may wait: once one is refused, all the others are in the queue.
        var others = Enumerable.Range(0, 17).Select(_ => api.Client.ExecuteAsync("1", contextId: id)).ToList();
        var refused = await await Task.WhenAny(others);
        sign.Answer();

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.Equal("InterpreterExited", (await running).ErrorName);
        foreach (var answer in (await Task.WhenAll(others)).Except([refused]))
            Assert.Equal((HttpStatusCode.InternalServerError, "ContextLost", "lost", "2"), (answer.Status, answer.ErrorName, answer.State, answer.Incarnation));
        await AssertAnewAsync(id, "python");
    }

    [Fact]
    public async Task Execute_WhenTheClientGoesAway_InterruptsAndServesTheNext()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("done = []", contextId: id);
        var sign = new Sign();
        using (var leaving = new CancellationTokenSource())
        {
            var abandoned = api.Client.ExecuteAsync(
                $"{sign.GivePython()}\nimport time\ntime.sleep(600)\ndone.append(1)", contextId: id, cancellationToken: leaving.Token);
            await sign.GivenAsync();
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        }
        var next = await api.Client.ExecuteAsync("done", contextId: id).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(("[]", "kept"), (next.Text, next.State));
    }

    [Fact]
    public async Task Execute_RunsOneAtATime()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("import time\nlog = []", contextId: id);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(
            i => api.Client.ExecuteAsync($"log.append({i}); time.sleep(0.02); log.append({i})", contextId: id)));
        Assert.Equal("(16, True)", (await api.Client.ExecuteAsync("len(log), log[0::2] == log[1::2]", contextId: id)).Text);
    }

    [Fact]
    public async Task Execute_WhenTooManyWait_RefusesTheNextAndRunsTheOthers()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("n = 0", contextId: id);
        var sign = new Sign();
        var running = api.Client.ExecuteAsync(
            $"{sign.GiveAndAwaitAnswerPython()}\nn += 1", contextId: id, timeoutMs: LongerThanAnyTest);
        await sign.GivenAsync();
        var calls = Enumerable.Range(0, 20).Select(_ => api.Client.ExecuteAsync("n += 1", contextId: id)).ToList();
        // Refusals come at once, everything else after the one that runs.
        while (calls.Count(call => call.IsCompleted) < 4)
            await Task.WhenAny(calls.Where(call => !call.IsCompleted));
        sign.Answer();
        var others = await Task.WhenAll(calls);
        await running;

        var refused = others.Where(answer => answer.Status == HttpStatusCode.TooManyRequests).ToList();
        Assert.Equal(4, refused.Count);
        Assert.All(refused, answer => Assert.NotNull(answer.Header("Retry-After")));
        Assert.All(others.Except(refused), answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal("17", (await api.Client.ExecuteAsync("n", contextId: id)).Text);
    }

    [Fact]
    public async Task Execute_CountsTheTimeoutFromTheStartOfTheCode()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("1", contextId: id);
        var sign = new Sign();
        var running = api.Client.ExecuteAsync($"{sign.GivePython()}\nimport time\ntime.sleep(1.5)", contextId: id);
        await sign.GivenAsync();
        var waited = await api.Client.ExecuteAsync("'in time'", contextId: id, timeoutMs: 500);
        await running;
        Assert.Equal("'in time'", waited.Text);
    }

    [Fact]
    public async Task Execute_FollowsCodeThatTakesLongerThanOneGrainCall()
    {
        var answer = await api.Client.ExecuteAsync("import time\nfor i in range(6):\n    print(i); time.sleep(1)\n'end'");
        Assert.Equal("'end'", answer.Text);
        Assert.Equal(["0", "1", "2", "3", "4", "5"], answer.Stdout);
    }

    private async Task AssertAnewAsync(string id, string language)
    {
        var next = await api.Client.ExecuteAsync("1 + 1", language, id);
        Assert.Equal(("2", 1, "kept", "2"), (next.Text, next.Count, next.State, next.Incarnation));
    }
}

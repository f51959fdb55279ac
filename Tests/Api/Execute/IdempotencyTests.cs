using System.Net;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Execute;

/// <summary><c>Idempotency-Key</c>: what was sent again is answered and not run.</summary>
[Collection(ApiCollection.Name)]
public class IdempotencyTests(ApiFixture api)
{
    private const string Count = "n = globals().get('n', 0) + 1\nprint('out')\nn";

    [Theory]
    [InlineData("python", Count, "n")]
    [InlineData("typescript", "var n = (globalThis.n ?? 0) + 1; console.log('out'); n", "n")]
    [InlineData("python", "n = globals().get('n', 0) + 1\n1/0", "n")]
    public async Task TheSameKey_GivesTheStoredAnswer_AndRunsNothing(string language, string code, string get)
    {
        var id = ApiFixture.NewContextId();
        var first = await SendAsync(code, "k", id, language);
        Assert.Null(first.Header("Idempotent-Replayed"));
        await api.Client.ExecuteAsync("1", contextId: id);

        var again = await SendAsync(code, "k", id, language);

        Assert.Equal("true", again.Header("Idempotent-Replayed"));
        Assert.Equal((first.Status, first.Body.GetRawText()), (again.Status, again.Body.GetRawText()));
        foreach (var header in (string[])["Execution-Id", "Context-State", "Context-Incarnation"])
            Assert.Equal(first.Header(header), again.Header(header));
        Assert.Equal("1", (await api.Client.ExecuteAsync(get, contextId: id)).Text);
        Assert.Null((await SendAsync(code, "other", id, language)).Header("Idempotent-Replayed"));
        Assert.Equal("2", (await api.Client.ExecuteAsync(get, contextId: id)).Text);
    }

    [Fact]
    public async Task AnAnswerOfAnySize_IsStoredWhole()
    {
        var id = ApiFixture.NewContextId();
        const string Code = "print('y' * 900_000)\n'x' * 3_000_000";
        var first = await SendAsync(Code, "k", id);
        var again = await SendAsync(Code, "k", id);
        Assert.Equal("true", again.Header("Idempotent-Replayed"));
        Assert.True(first.Body.GetRawText() == again.Body.GetRawText(), "The answers are not the same.");
        Assert.Equal(3_000_002, again.Text?.Length);
    }

    [Fact]
    public async Task TheSameKey_OfAnotherRequest_IsAConflict()
    {
        var id = ApiFixture.NewContextId();
        await SendAsync(Count, "k", id);
        AssertReused(await SendAsync("1", "k", id));
        AssertReused(await SendAsync(Count, "k", id, "typescript"));
        // Without the key there is nothing it could be a repetition of.
        Assert.Equal(HttpStatusCode.BadRequest, (await api.Client.ExecuteAsync("1", "typescript", id)).Status);
    }

    [Fact]
    public async Task TheSameKey_WhileItsExecutionRuns_IsAConflictThatPasses()
    {
        var id = ApiFixture.NewContextId();
        var sign = new Sign();
        var code = $"{sign.GiveAndAwaitAnswerPython()}\n{Count}";
        var running = SendAsync(code, "k", id);
        await sign.GivenAsync();
        var refused = await SendAsync(code, "k", id);
        Assert.Equal((HttpStatusCode.Conflict, "1"), (refused.Status, refused.Header("Retry-After")));
        using (var later = await api.Client.SendAsync(Request(code, "k", id, prefer: "respond-async")))
        {
            // Where the answer of the one that runs will be.
            Assert.Equal(HttpStatusCode.Accepted, later.StatusCode);
            sign.Answer();
            var first = await running;
            Assert.Equal($"/contexts/{id}/executions/{first.Header("Execution-Id")}", later.Headers.Location?.ToString());
        }
        Assert.Equal("true", (await SendAsync(code, "k", id)).Header("Idempotent-Replayed"));
        Assert.Equal("1", (await api.Client.ExecuteAsync("n", contextId: id)).Text);
    }

    [Fact]
    public async Task AKeyWithoutAContext_NamesOne()
    {
        var key = Guid.NewGuid().ToString();
        var first = await SendAsync(Count, key, null);
        // The quotes of the draft's strings make no difference.
        var again = await SendAsync(Count, $"\"{key}\"", null);
        Assert.Equal((first.ContextId, "true"), (again.ContextId, again.Header("Idempotent-Replayed")));
        Assert.NotEqual(first.ContextId, (await SendAsync(Count, Guid.NewGuid().ToString(), null)).ContextId);
        Assert.Equal("1", (await api.Client.ExecuteAsync("n", contextId: first.ContextId)).Text);
    }

    [Fact]
    public async Task AKeyWithoutAContext_OfAnotherLanguage_IsAConflict_AlsoAfterARestart()
    {
        var key = Guid.NewGuid().ToString();
        var first = await SendAsync("1", key, null, "python");
        AssertReused(await SendAsync("1", key, null, "typescript"));
        // What ran is remembered no longer: its context is still the key's.
        using (await api.Client.PostAsync(new Uri($"/contexts/{first.ContextId}/restart", UriKind.Relative), null))
            AssertReused(await SendAsync("1", key, null, "typescript"));
    }

    [Fact]
    public async Task WhatIsRefusedOrNotRun_IsNotStored()
    {
        var id = ApiFixture.NewContextId();
        var sign = new Sign();
        await api.Client.ExecuteAsync($"import threading\ndef end():\n    {sign.GivePython()}\nthreading.Timer(0.2, end).start()", contextId: id);
        await sign.GivenAsync();
        sign.Answer();
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{sign.ProcessId}"));

        Assert.Equal("ContextLost", (await SendAsync(Count, "k", id)).ErrorName);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync("1", "k", id, "typescript")).Status);
        var ran = await SendAsync(Count, "k", id);
        Assert.Equal(("1", null), (ran.Text, ran.Header("Idempotent-Replayed")));
    }

    [Fact]
    public async Task CodeThatEndedItsInterpreter_EndsNoOther()
    {
        var id = ApiFixture.NewContextId();
        var first = await SendAsync("import os; os._exit(3)", "k", id);
        await api.Client.ExecuteAsync(Count, contextId: id);
        var again = await SendAsync("import os; os._exit(3)", "k", id);
        Assert.Equal(("true", first.Body.GetRawText()), (again.Header("Idempotent-Replayed"), again.Body.GetRawText()));
        Assert.Equal("1", (await api.Client.ExecuteAsync("n", contextId: id)).Text);
    }

    [Fact]
    public async Task AStoredAnswer_AsAStream_HasAllOfIt()
    {
        var id = ApiFixture.NewContextId();
        const string Code = "import sys\nprint('a')\nprint('b')\nprint('c', file=sys.stderr)\nprint('d')\n1/0";
        using var first = await EventStream.OpenAsync(api.Client, Request(Code, "k", id, accept: "text/event-stream"));
        var events = await first.RestAsync();
        using var again = await EventStream.OpenAsync(api.Client, Request(Code, "k", id, accept: "text/event-stream"));
        Assert.Equal(("true", first.Header("Execution-Id")), (again.Header("Idempotent-Replayed"), again.Header("Execution-Id")));
        var stored = await again.RestAsync();
        Assert.Equal(["start", "stdout", "stderr", "error", "end"], stored.Select(one => one.Name));
        Assert.Equal("a\nb\nd\n", stored[1].Text);
        Assert.Equal("c\n", stored[2].Text);
        Assert.Equal(events[^1].Data.GetRawText(), stored[^1].Data.GetRawText());
        Assert.Equal(events[0].Data.GetRawText(), stored[0].Data.GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("a\"b")]
    [InlineData("long")]
    public async Task AKeyThatIsNone_IsRefused(string key)
    {
        var refused = await SendAsync("1", key == "long" ? new string('k', 256) : key, ApiFixture.NewContextId());
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Equal("Idempotency-Key: must be 1 to 255 visible characters of ASCII, and there may be only one", Assert.Single(refused.Faults));
    }

    private static void AssertReused(Answer refused)
    {
        Assert.Equal((HttpStatusCode.Conflict, "Another request was sent with this Idempotency-Key before."), (refused.Status, refused.Body.GetProperty("message").GetString()));
        Assert.Null(refused.Header("Retry-After"));
    }

    private async Task<Answer> SendAsync(string code, string key, string? id, string? language = null)
    {
        using var answer = await api.Client.SendAsync(Request(code, key, id, language));
        var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        OpenApiContract.AssertAnswer("post /execute", answer, body);
        return new Answer(answer.StatusCode, body, answer.Headers);
    }

    private static HttpRequestMessage Request(
        string code, string key, string? id, string? language = null, string accept = "application/json", string? prefer = null)
    {
        var request = EventStream.Request(code, language, id, timeoutMs: 600_000);
        request.Headers.Remove("Accept");
        request.Headers.Add("Accept", accept);
        Assert.True(request.Headers.TryAddWithoutValidation("Idempotency-Key", key));
        if (prefer is not null)
            request.Headers.Add("Prefer", prefer);
        return request;
    }
}

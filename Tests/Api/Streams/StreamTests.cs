using System.Net;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Streams;

/// <summary><c>POST /execute</c> as server-sent events.</summary>
[Collection(ApiCollection.Name)]
public class StreamTests(ApiFixture api)
{
    public static TheoryData<string> Languages => ["python", "typescript"];

    [Theory]
    [InlineData("python", "import sys\nprint('out')\nprint('err', file=sys.stderr)\n6 * 7")]
    [InlineData("typescript", "console.log('out'); console.error('err'); 6 * 7")]
    public async Task Stream_TellsInOrderWhatHappens(string language, string code)
    {
        var id = ApiFixture.NewContextId();
        using var stream = await EventStream.ExecuteAsync(api.Client, code, language, id);
        var events = await stream.RestAsync();

        Assert.Equal(1, events[0].Id);
        Assert.All(events.Zip(events.Skip(1)), pair => Assert.True(pair.First.Id < pair.Second.Id));
        Assert.Equal(("start", "end"), (events[0].Name, events[^1].Name));
        Assert.Equal($$"""{"context_id":"{{id}}","execution_id":"{{stream.Header("Execution-Id")}}","execution_count":1}""", events[0].Data.GetRawText());
        Assert.Equal("out\n", TextOf(events, "stdout"));
        Assert.Equal("err\n", TextOf(events, "stderr"));
        Assert.Equal("""{"is_primary":true,"text":"42"}""", Assert.Single(events, one => one.Name == "item").Data.GetRawText());
        Assert.Equal(
            $$"""{"context_id":"{{id}}","execution_count":1,"context_state":"new","context_incarnation":1}""", events[^1].Data.GetRawText());
        Assert.DoesNotContain(events, one => one.Name == "error");
    }

    [Theory]
    [InlineData("python", "print('before', end='', flush=True)\nimport os, time\nwhile not os.path.exists('go'): time.sleep(0.005)\nprint('after')")]
    [InlineData("typescript", "process.stdout.write('before'); while (!require('fs').existsSync('go')) await Bun.sleep(5); console.log('after')")]
    public async Task Stream_BringsOutputWhileTheCodeRuns(string language, string code)
    {
        var id = ApiFixture.NewContextId();
        using var stream = await EventStream.ExecuteAsync(api.Client, code, language, id, timeoutMs: 600_000);
        Assert.Equal("start", (await stream.NextAsync())?.Name);
        Assert.Equal("before", (await stream.NextAsync())?.Text);
        await GoOnAsync(id);
        var events = await stream.RestAsync();
        Assert.Equal("after\n", TextOf(events, "stdout"));
        Assert.Equal("end", events[^1].Name);
    }

    [Theory]
    [InlineData("python", "1/0")]
    [InlineData("python", "import os; os._exit(3)")]
    [InlineData("python", "while True: pass")]
    [InlineData("typescript", "throw new TypeError('x')")]
    [InlineData("typescript", "process.exit(3)")]
    [InlineData("typescript", "for (;;) {}")]
    public async Task Stream_OfCodeThatFails_EndsAsThePlainAnswerDoes(string language, string code)
    {
        var id = ApiFixture.NewContextId();
        var plain = await api.Client.ExecuteAsync(code, language, timeoutMs: 1000);
        using var stream = await EventStream.ExecuteAsync(api.Client, code, language, id, timeoutMs: 1000);
        var events = await stream.RestAsync();

        var error = Assert.Single(events, one => one.Name == "error");
        Assert.Same(events[^2], error);
        var expected = plain.Body.EnumerateObject().Where(member => member.Name is not ("items" or "logs"))
            .ToDictionary(member => member.Name, member => member.Name == "context_id" ? id : member.Value.ToString());
        expected["context_state"] = plain.State!;
        expected["context_incarnation"] = plain.Incarnation!;
        Assert.Equal(expected, events[^1].Data.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.ToString()));
        Assert.Equal(plain.Body.GetProperty("error").GetRawText(), error.Data.GetRawText());
    }

    [Theory]
    [InlineData("python", "import sys\nprint('x' * 70_000)\nfor i in range(200_000): print(i)\nprint('end')")]
    [InlineData("typescript", "console.log('x'.repeat(70_000)); let all = ''; for (let i = 0; i < 200_000; i++) all += i + '\\n'; process.stdout.write(all)")]
    public async Task Stream_OfAFlood_IsCutWhereThePlainAnswerIs(string language, string code)
    {
        var plain = await api.Client.ExecuteAsync(code, language);
        using var stream = await EventStream.ExecuteAsync(api.Client, code, language);
        var text = TextOf(await stream.RestAsync(), "stdout");
        Assert.EndsWith(" bytes dropped]\n", text, StringComparison.Ordinal);
        Assert.Equal(plain.Stdout, text[..^1].Split('\n'));
    }

    [Fact]
    public async Task Stream_OfADisplayThatIsUpdated_SaysWhatEachUpdateReplaces()
    {
        using var stream = await EventStream.ExecuteAsync(api.Client, "shown = display(1, display_id=True)\nshown.update(2)\ndisplay(3)");
        var items = (await stream.RestAsync()).Where(one => one.Name == "item").ToList();
        // A reader that came after the update has seen the item in its new form already.
        Assert.Contains(items, item => item.Text == "2" && (item == items[0] || item.Data.GetProperty("replaces").GetInt64() == items[0].Id));
        Assert.Equal("3", items[^1].Text);
    }

    [Fact]
    public async Task Stream_ThatIsRefused_IsAPlainAnswer()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("1", "python", id);
        using var answer = await api.Client.SendAsync(EventStream.Request("1", "typescript", id));
        Assert.Equal((HttpStatusCode.BadRequest, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        OpenApiContract.AssertAnswer("post /execute", answer, JsonElement.Parse(await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Stream_OfAContextThatWasLost_IsThePlainAnswerThatSaysSo()
    {
        var id = ApiFixture.NewContextId();
        var sign = new Sign();
        await api.Client.ExecuteAsync($"import threading\ndef end():\n    {sign.GivePython()}\nthreading.Timer(0.2, end).start()", contextId: id);
        await sign.GivenAsync();
        sign.Answer();
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{sign.ProcessId}"));
        using var answer = await api.Client.SendAsync(EventStream.Request("1", null, id));
        var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        OpenApiContract.AssertAnswer("post /execute", answer, body);
        Assert.Equal("ContextLost", body.GetProperty("error").GetProperty("name").GetString());
        Assert.Equal("1", (await api.Client.ExecuteAsync("1", contextId: id)).Text);
    }

    [Theory]
    [InlineData("application/json, text/event-stream", false)]
    [InlineData("text/event-stream, application/json", true)]
    [InlineData("text/event-stream;q=0.5, application/json;q=0.4", true)]
    [InlineData("text/event-stream;q=0", false)]
    [InlineData("*/*", false)]
    public async Task Execute_GivesTheFormThatTheClientLikesBest(string accept, bool isStream)
    {
        using var request = EventStream.Request("1");
        request.Headers.Remove("Accept");
        request.Headers.Add("Accept", accept);
        using var answer = await api.Client.SendAsync(request);
        Assert.Equal(isStream ? "text/event-stream" : "application/json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Stream_WhenItsClientLeaves_IsInterruptedAndTheNextRuns(string language)
    {
        var id = ApiFixture.NewContextId();
        var code = language == "python" ? "done = []\nprint('on', flush=True)\nimport time\ntime.sleep(600)\ndone.append(1)"
            : "let done = []; console.log('on'); await Bun.sleep(600_000); done.push(1)";
        using (var stream = await EventStream.ExecuteAsync(api.Client, code, language, id, timeoutMs: 600_000))
        {
            await stream.NextAsync();
            Assert.StartsWith("on", (await stream.NextAsync())?.Text, StringComparison.Ordinal);
        }
        var next = await api.Client.ExecuteAsync(language == "python" ? "len(done)" : "done.length", contextId: id).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(("0", "kept"), (next.Text, next.State));
    }

    /// <summary>The frozen client's execution goes on, for longer than a lease, and so does everybody else's.</summary>
    [Fact]
    public async Task Stream_WhoseReaderIsFrozen_HoldsUpNeitherItsCodeNorAnotherStream()
    {
        var id = ApiFixture.NewContextId();
        using var frozen = await EventStream.ExecuteAsync(
            api.Client, "import time\nfor i in range(15): display('x' * 1_000_000)\ntime.sleep(7)\nranOn = True", contextId: id);
        using (var other = await EventStream.ExecuteAsync(api.Client, "print('quick')"))
            Assert.Equal("quick\n", TextOf(await other.RestAsync(), "stdout"));
        Assert.Equal("True", (await api.Client.ExecuteAsync("ranOn", contextId: id)).Text);

        var events = await frozen.RestAsync();
        Assert.Equal(15, events.Count(one => one.Name == "item"));
        Assert.Equal("end", events[^1].Name);
    }

    [Fact]
    public async Task Stream_ThatIsSilent_ShowsThatItLives()
    {
        var id = ApiFixture.NewContextId();
        using var stream = await EventStream.ExecuteAsync(
            api.Client, "import os, time\nwhile not os.path.exists('go'): time.sleep(0.005)", contextId: id, timeoutMs: 600_000);
        Assert.Equal("start", (await stream.NextAsync())?.Name);
        Assert.Equal(StreamEvent.Comment, (await stream.NextAsync())?.Name);
        await GoOnAsync(id);
        Assert.Equal("end", (await stream.RestAsync())[^1].Name);
    }

    private async Task GoOnAsync(string id)
    {
        using var answer = await api.Client.PutAsync(new Uri($"/contexts/{id}/files/go", UriKind.Relative), new ByteArrayContent([]));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    private static string TextOf(IEnumerable<StreamEvent> events, string stream) =>
        string.Concat(events.Where(one => one.Name == stream).Select(one => one.Text));
}

using System.Net;
using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Inquiries;

/// <summary>Completions and documentation from a live session, through HTTP.</summary>
[Collection(ApiCollection.Name)]
public class InquiryTests(ApiFixture api)
{
    private const string HostilePython = """
        state = 41
        class Hostile:
            def answer(self):
                while True:
                    try:
                        while True: pass
                    except Exception: pass
                    except KeyboardInterrupt: pass
            __dir__ = __repr__ = __str__ = answer
        hostile = Hostile()
        """;

    private const string HostileTypeScript = """
        const state = 41;
        class Hostile { get [Symbol.toStringTag]() { for (;;); } }
        const hostile = new Hostile(); undefined
        """;

    [Theory]
    [InlineData("python", "class Point:\n    across = 3\npoint = Point()", "'😀', point.acr", "point.across", 5)]
    [InlineData("typescript", "class Point { across = 3 }; const point = new Point(); undefined", "'😀', point.acr", "across", 11)]
    public async Task Complete_FindsWhatTheSessionHas(string language, string setUp, string code, string match, int start)
    {
        var context = await NewContextAsync(setUp, language);
        var (status, body) = await AskAsync(context, "complete", code);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal([match], body.GetProperty("matches").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal(start, body.GetProperty("cursor_start").GetInt32());
        Assert.Equal(14, body.GetProperty("cursor_end").GetInt32());
    }

    [Theory]
    [InlineData("python", "def double(n: int):\n    'Twice as much.'\n    return n * 2", "double(1)", 3, "Twice as much.")]
    [InlineData("typescript", "function double(n: number) { return n * 2 }", "double(1)", 3, "double(n)")]
    public async Task Inspect_TellsWhatANameStandsFor(string language, string setUp, string code, int cursor, string expected)
    {
        var context = await NewContextAsync(setUp, language);
        var (status, body) = await AskAsync(context, "inspect", code, cursor);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(body.GetProperty("found").GetBoolean());
        Assert.Contains(expected, body.GetProperty("data").GetProperty("text/plain").GetString(), StringComparison.Ordinal);
        var (_, nothing) = await AskAsync(context, "inspect", "nothing_of_that_name", 2);
        Assert.Equal("""{"found":false,"data":{}}""", nothing.GetRawText());
    }

    [Theory]
    [InlineData("python")]
    [InlineData("typescript")]
    public async Task Inquiries_CountForNothing(string language)
    {
        var context = await NewContextAsync("1", language);
        await AskAsync(context, "complete", "pri");
        await AskAsync(context, "inspect", "print");
        var next = await api.Client.ExecuteAsync("2", contextId: context);
        Assert.Equal((2, "kept", "2"), (next.Count, next.State, next.Text));
    }

    [Theory]
    [InlineData("python", "complete", HostilePython, "hostile.")]
    [InlineData("python", "inspect", HostilePython, "hostile")]
    [InlineData("typescript", "inspect", HostileTypeScript, "hostile")]
    public async Task AnObjectThatNeverAnswers_IsGivenUpAndTheSessionLives(string language, string op, string setUp, string code)
    {
        var context = await NewContextAsync(setUp, language);
        var (status, _) = await AskAsync(context, op, code);
        Assert.Equal(HttpStatusCode.OK, status);
        var next = await api.Client.ExecuteAsync("state + 1", contextId: context);
        Assert.Equal(("kept", "42"), (next.State, next.Text));
    }

    [Fact]
    public async Task AnObjectThatEndsTheInterpreter_HasEndedItAndTheNextExecutionIsTold()
    {
        var context = await NewContextAsync("class Hostile:\n    def __dir__(self):\n        import os; os._exit(3)\nhostile = Hostile()");
        Assert.Equal(HttpStatusCode.Conflict, (await AskAsync(context, "complete", "hostile.")).Status);
        // It stays so until it was told.
        Assert.Equal(HttpStatusCode.Conflict, (await AskAsync(context, "complete", "pri")).Status);
        Assert.Equal("ContextLost", (await api.Client.ExecuteAsync("1", contextId: context)).ErrorName);
        Assert.Equal("kept", (await api.Client.ExecuteAsync("1", contextId: context)).State);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(context, "complete", "pri")).Status);
    }

    [Fact]
    public async Task WhileCodeRuns_AnInquiryWaitsForItsTurnAndThenGivesUp()
    {
        var context = await NewContextAsync("1");
        var sign = new Sign();
        var running = api.Client.ExecuteAsync($"{sign.GiveAndAwaitAnswerPython()}\nanswered = 1", contextId: context);
        await sign.GivenAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await AskAsync(context, "complete", "answ")).Status);
        var waiting = AskAsync(context, "complete", "answ");
        sign.Answer();
        await running;
        var (status, body) = await waiting;
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("answered", Assert.Single(body.GetProperty("matches").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task AContextThatNeverWas_Is404AndIsNotMade()
    {
        var context = ApiFixture.NewContextId();
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(context, "complete", "pri")).Status);
        Assert.Equal("new", (await api.Client.ExecuteAsync("1", contextId: context)).State);
    }

    [Theory]
    [InlineData("""{}""", "code")]
    [InlineData("""{"code":1,"cursor":0}""", "code")]
    [InlineData("""{"code":"a","cursor":2}""", "cursor")]
    [InlineData("""{"code":"😀","cursor":2}""", "cursor")]
    [InlineData("""{"code":"a","cursor":-1}""", "cursor")]
    [InlineData("""{"code":"a","cursor":0.5}""", "cursor")]
    [InlineData("""{"code":"a","cursor":"0"}""", "cursor")]
    [InlineData("""{"code":"a","code":"b"}""", "code")]
    [InlineData("""[]""", "body")]
    [InlineData("""{""", "body")]
    public async Task ARequestThatIsNone_Is400(string json, string field)
    {
        foreach (var op in (string[])["complete", "inspect"])
        {
            var (status, body) = await PostAsync(ApiFixture.NewContextId(), op, json);
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Equal(field, Assert.Single(body.GetProperty("errors").EnumerateArray()).GetProperty("field").GetString());
        }
    }

    [Fact]
    public async Task CodeThatIsTooLarge_Is413() =>
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await AskAsync(ApiFixture.NewContextId(), "complete", new string('x', (1 << 20) + 1))).Status);

    [Fact]
    public async Task AnIdThatIsNone_Is400() =>
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync("-x", "inspect", "a")).Status);

    private async Task<string> NewContextAsync(string setUp, string language = "python")
    {
        var context = ApiFixture.NewContextId();
        Assert.Null((await api.Client.ExecuteAsync(setUp, language, context)).ErrorName);
        return context;
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(string context, string op, string code, int? cursor = null) =>
        PostAsync(context, op, cursor is { } at ? JsonSerializer.Serialize(new { code, cursor = at }) : JsonSerializer.Serialize(new { code }));

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string context, string op, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await api.Client.PostAsync(new Uri($"/contexts/{context}/{op}", UriKind.Relative), content);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
        return (answer.StatusCode, document.RootElement.Clone());
    }
}

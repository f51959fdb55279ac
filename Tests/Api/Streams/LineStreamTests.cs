using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Cluster.Api.Streams;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Streams;

/// <summary><c>POST /execute/async</c>: what is printed, a line at a time.</summary>
[Collection(ApiCollection.Name)]
public class LineStreamTests(ApiFixture api)
{
    [Theory]
    [InlineData("python", "import sys\nprint('a\\nb')\nprint('err', file=sys.stderr)\nprint()\nprint('c', end='')\n1")]
    [InlineData("typescript", "console.log('a\\nb'); console.error('err'); console.log(); process.stdout.write('c'); 1")]
    public async Task Lines_ComeWithoutTheirEnds_AndThenTheExit(string language, string code)
    {
        var events = await RunAsync(code, language);
        Assert.Equal(["""{"type":0,"data":"a"}""", """{"type":0,"data":"b"}""", """{"type":0,"data":""}""", """{"type":0,"data":"c"}"""], OfType(events, 0));
        Assert.Equal(["""{"type":1,"data":"err"}"""], OfType(events, 1));
        Assert.Equal("""{"type":2,"code":0}""", events[^1]);
        Assert.Equal(6, events.Count);
    }

    [Theory]
    [InlineData("python", "print('a')\n1/0", "ZeroDivisionError: division by zero")]
    [InlineData("typescript", "console.log('a'); throw new TypeError('x')", "TypeError: x")]
    public async Task CodeThatRaises_LeavesItsTracebackOnStderr_AndExitsWith1(string language, string code, string message)
    {
        var events = await RunAsync(code, language);
        Assert.Equal("""{"type":0,"data":"a"}""", events[0]);
        Assert.Contains(OfType(events, 1), line => line.Contains(message, StringComparison.Ordinal));
        Assert.DoesNotContain(events, line => line.Contains("\\n", StringComparison.Ordinal));
        Assert.Equal("""{"type":2,"code":1}""", events[^1]);
    }

    [Fact]
    public async Task CodeThatTimesOut_EndsWithAnError()
    {
        var events = await RunAsync("print('a')\nwhile True: pass", timeoutMs: 300);
        Assert.Equal(
            ["""{"type":0,"data":"a"}""", """{"type":3,"data":"TimeoutError: The code ran for more than 300 ms and was interrupted. The context's state is kept."}"""], events);
    }

    [Fact]
    public async Task ItsSession_IsTheOneOfExecute()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("x = 41", contextId: id);
        Assert.Equal(["""{"type":0,"data":"42"}""", """{"type":2,"code":0}"""], await RunAsync("x += 1; print(x)", contextId: id));
        Assert.Equal("42", (await api.Client.ExecuteAsync("x", contextId: id)).Text);
    }

    [Fact]
    public async Task ARollBack_IsALineOfStderr()
    {
        var http = new DefaultHttpContext();
        using var body = new MemoryStream();
        http.Response.Body = body;
        new LineEvents().Write(new ServerSentEvents(http.Response), "c", "e", new EndEvent(
            new ExecutionResult([], [], [], null, 2, ContextState.RolledBack, 2, RestoredTo: 1)));
        await http.Response.BodyWriter.FlushAsync();
        Assert.Equal(
            "data: {\"type\":1,\"data\":\"[context rolled back: its state is that after execution 1]\"}\n\ndata: {\"type\":2,\"code\":0}\n\n",
            Encoding.UTF8.GetString(body.ToArray()));
    }

    [Fact]
    public async Task TheSameKey_GivesTheSameLines_AndRunsNothing()
    {
        var id = ApiFixture.NewContextId();
        const string Code = "n = globals().get('n', 0) + 1\nprint(n)";
        for (var time = 1; time <= 2; time++)
        {
            using var request = Request(Code, contextId: id);
            request.Headers.Add("Idempotency-Key", "k");
            using var stream = await EventStream.OpenAsync(api.Client, request);
            Assert.Equal(time == 2 ? "true" : null, stream.Header("Idempotent-Replayed"));
            Assert.Equal(["""{"type":0,"data":"1"}""", """{"type":2,"code":0}"""], (await stream.RestAsync()).Select(one => one.Data.GetRawText()));
        }
        Assert.Equal("1", (await api.Client.ExecuteAsync("n", contextId: id)).Text);
    }

    [Fact]
    public async Task WhatIsRefused_IsAPlainAnswer()
    {
        using var answer = await api.Client.SendAsync(Request("1", "cobol"));
        Assert.Equal((HttpStatusCode.BadRequest, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    private async Task<List<string>> RunAsync(string code, string? language = null, string? contextId = null, int? timeoutMs = null)
    {
        using var stream = await EventStream.OpenAsync(api.Client, Request(code, language, contextId, timeoutMs));
        return [.. (await stream.RestAsync()).Select(one => one.Data.GetRawText())];
    }

    private static HttpRequestMessage Request(string code, string? language = null, string? contextId = null, int? timeoutMs = null)
    {
        var request = EventStream.Request(code, language, contextId, timeoutMs);
        request.RequestUri = new Uri("/execute/async", UriKind.Relative);
        request.Headers.Remove("Accept");
        return request;
    }

    private static List<string> OfType(List<string> events, int type) =>
        [.. events.Where(one => one.StartsWith($$"""{"type":{{type}},""", StringComparison.Ordinal))];
}

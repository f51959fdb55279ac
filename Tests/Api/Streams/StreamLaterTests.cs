using System.Net;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Streams;

/// <summary>Executions that nobody waits for, and those that are asked for again.</summary>
[Collection(ApiCollection.Name)]
public class StreamLaterTests(ApiFixture api)
{
    private const string Operation = "get /contexts/{id}/executions/{executionId}";

    [Theory]
    [InlineData("python", "import os, time\nprint('on')\nwhile not os.path.exists('go'): time.sleep(0.005)\n6 * 7")]
    [InlineData("typescript", "console.log('on'); while (!require('fs').existsSync('go')) await Bun.sleep(5); 6 * 7")]
    public async Task RespondAsync_GivesTheExecutionLater(string language, string code)
    {
        var id = ApiFixture.NewContextId();
        var location = await BeginAsync(code, language, id);
        Assert.StartsWith($"/contexts/{id}/executions/", location, StringComparison.Ordinal);
        var (status, running) = await GetAsync(location);
        Assert.Equal((HttpStatusCode.Accepted, id), (status, running.GetProperty("context_id").GetString()));

        // Who joins while it runs gets what was before, and follows.
        using var stream = await EventStream.OpenAsync(api.Client, StreamRequest(location));
        Assert.Equal("start", (await stream.NextAsync())?.Name);
        // What is printed comes in one event or in two.
        var printed = "";
        while (printed.Length < 3)
            printed += (await stream.NextAsync())!.Text;
        Assert.Equal("on\n", printed);
        using var put = await api.Client.PutAsync(new Uri($"/contexts/{id}/files/go", UriKind.Relative), new ByteArrayContent([]));
        Assert.Equal("end", (await stream.RestAsync())[^1].Name);

        var (ended, execution) = await GetAsync(location);
        Assert.Equal(HttpStatusCode.OK, ended);
        Assert.Equal("""[{"is_primary":true,"text":"42"}]""", execution.GetProperty("items").GetRawText());
        Assert.Equal("""{"stdout":["on"],"stderr":[]}""", execution.GetProperty("logs").GetRawText());
    }

    [Fact]
    public async Task GetExecution_OfAnAnswerThatWasGiven_GivesItAgain()
    {
        var answer = await api.Client.ExecuteAsync("print('once')\n1");
        var (status, again) = await GetAsync($"/contexts/{answer.ContextId}/executions/{answer.Header("Execution-Id")}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(answer.Body.GetRawText(), again.GetRawText());
    }

    [Fact]
    public async Task GetExecution_AsAStream_GoesOnAfterTheLastEventThatWasSeen()
    {
        var id = ApiFixture.NewContextId();
        using var stream = await EventStream.ExecuteAsync(api.Client, "print('a')\ndisplay(1)\nprint('b')\n1/0", contextId: id);
        var all = await stream.RestAsync();
        var location = $"/contexts/{id}/executions/{stream.Header("Execution-Id")}";
        foreach (var seen in all)
        {
            using var rest = await EventStream.OpenAsync(api.Client, StreamRequest(location, seen.Id));
            Assert.Equal(all.Where(one => one.Id > seen.Id).Select(one => one.ToString()), (await rest.RestAsync()).Select(one => one.ToString()));
        }
    }

    [Fact]
    public async Task GetExecution_OfAStreamThatWasCut_HasWhatWasMissed()
    {
        var id = ApiFixture.NewContextId();
        string location;
        long? seen;
        using (var stream = await EventStream.ExecuteAsync(api.Client, "print('on', flush=True)\nimport time\ntime.sleep(600)", contextId: id, timeoutMs: 600_000))
        {
            await stream.NextAsync();
            seen = (await stream.NextAsync())?.Id;
            location = $"/contexts/{id}/executions/{stream.Header("Execution-Id")}";
        }
        using var rest = await EventStream.OpenAsync(api.Client, StreamRequest(location, seen));
        var missed = await rest.RestAsync();
        Assert.Equal("end", missed[^1].Name);
        Assert.Equal("Interrupted", missed[^1].Data.GetProperty("error").GetProperty("name").GetString());
        Assert.DoesNotContain(missed, one => one.Name == "start" || (one.Name == "stdout" && one.Text!.Contains("on", StringComparison.Ordinal)));
    }

    /// <summary>A stream would have nothing to begin after, and no end.</summary>
    [Fact]
    public async Task GetExecution_AfterAnEventThatNeverWas_IsRefusedWhetherItRunsOrNot()
    {
        var id = ApiFixture.NewContextId();
        var location = await BeginAsync("import os, time\nprint('on', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.005)", "python", id);
        await AssertRefusedAsync(1000);
        using var put = await api.Client.PutAsync(new Uri($"/contexts/{id}/files/go", UriKind.Relative), new ByteArrayContent([]));
        using var stream = await EventStream.OpenAsync(api.Client, StreamRequest(location));
        var end = (await stream.RestAsync())[^1];
        Assert.Equal("end", end.Name);
        await AssertRefusedAsync(end.Id!.Value + 1);
        await AssertRefusedAsync(2147483648);

        async Task AssertRefusedAsync(long after)
        {
            using var answer = await api.Client.SendAsync(StreamRequest(location, after));
            var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
            OpenApiContract.AssertAnswer(Operation, answer, body);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal("Last-Event-ID", body.GetProperty("errors")[0].GetProperty("field").GetString());
        }
    }

    [Theory]
    [InlineData("respond-async", HttpStatusCode.Accepted)]
    [InlineData("wait=10, Respond-Async; x=1", HttpStatusCode.Accepted)]
    [InlineData("wait=10", HttpStatusCode.OK)]
    public async Task Execute_AnswersLaterToWhoeverPrefersThat(string preference, HttpStatusCode expected)
    {
        using var request = EventStream.Request("1");
        request.Headers.Add("Prefer", preference);
        using var answer = await api.Client.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal(expected == HttpStatusCode.Accepted, answer.Headers.Contains("Preference-Applied"));
    }

    [Fact]
    public async Task RespondAsync_OfWhatIsRefused_IsRefused()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("1", "python", id);
        using var request = EventStream.Request("1", "typescript", id);
        request.Headers.Add("Prefer", "respond-async");
        using var answer = await api.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Preference-Applied"));
    }

    [Fact]
    public async Task GetExecution_OfWhatIsNotKept_IsNotFound()
    {
        var answer = await api.Client.ExecuteAsync("1");
        var id = answer.Header("Execution-Id");
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"/contexts/{answer.ContextId}/executions/none")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"/contexts/{ApiFixture.NewContextId()}/executions/{id}")).Status);
        for (var i = 0; i < 64; i++)
            await api.Client.ExecuteAsync("1", contextId: answer.ContextId);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"/contexts/{answer.ContextId}/executions/{id}")).Status);
    }

    [Fact]
    public async Task GetExecution_AfterNoEvent_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/contexts/a/executions/b");
        request.Headers.Add("Last-Event-ID", "x");
        using var answer = await api.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private async Task<string> BeginAsync(string code, string language, string id)
    {
        using var request = EventStream.Request(code, language, id, timeoutMs: 600_000);
        request.Headers.Remove("Accept");
        request.Headers.Add("Prefer", "respond-async");
        using var answer = await api.Client.SendAsync(request);
        OpenApiContract.AssertAnswer("post /execute", answer, JsonElement.Parse(await answer.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string location)
    {
        using var answer = await api.Client.GetAsync(new Uri(location, UriKind.Relative));
        var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        OpenApiContract.AssertAnswer(Operation, answer, body);
        return (answer.StatusCode, body);
    }

    private static HttpRequestMessage StreamRequest(string location, long? after = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, location);
        request.Headers.Add("Accept", "text/event-stream");
        if (after is { } last)
            request.Headers.Add("Last-Event-ID", last.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return request;
    }
}

using System.Net;
using System.Net.Http.Json;
using Sandbox.Cluster.Tests.Api.Limits;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Contexts;

/// <summary>A tenant ends its contexts, interrupts them and starts them anew.</summary>
[Collection(QuotaCollection.Name)]
public sealed class LifecycleTests(QuotaFixture api)
{
    [Theory]
    [InlineData("python")]
    [InlineData("typescript")]
    public async Task Delete_TakesTheContextAway_AndItsIdIsFreeAgain(string language)
    {
        using var client = api.ClientOfNobodyElse();
        await client.ExecuteAsync("1", language, "a");
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(client, HttpMethod.Delete, "/contexts/a"));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(client, HttpMethod.Get, "/contexts/a"));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(client, HttpMethod.Delete, "/contexts/a"));
        var next = await client.ExecuteAsync("1", language, "a");
        Assert.Equal(("new", "1", 1), (next.State, next.Incarnation, next.Count));
    }

    [Fact]
    public async Task Delete_WhileCodeRuns_InterruptsIt()
    {
        using var client = api.ClientOfNobodyElse();
        var sign = new Sign();
        var running = client.ExecuteAsync($"{sign.GivePython()}\nimport time; time.sleep(600)", contextId: "a", timeoutMs: 600_000);
        await sign.GivenAsync();
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(client, HttpMethod.Delete, "/contexts/a"));
        Assert.Equal("Interrupted", (await running).ErrorName);
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{sign.ProcessId}"));
    }

    [Theory]
    [InlineData("DELETE", "/contexts/a", HttpStatusCode.NoContent)]
    [InlineData("POST", "/contexts/a/restart", HttpStatusCode.OK)]
    public async Task WhoWaitsWhenTheStateEndsOnPurpose_IsToldThatItIsLost_AndRunsNothing(string method, string path, HttpStatusCode done)
    {
        const int QueueLength = 16;
        using var client = api.ClientOfNobodyElse();
        var sign = new Sign();
        var running = client.ExecuteAsync($"{sign.GivePython()}\nimport time; time.sleep(600)", contextId: "a", timeoutMs: 600_000);
        await sign.GivenAsync();
        // The one that finds no place says that all the others have one.
        var waiting = Enumerable.Range(0, QueueLength + 1).Select(_ => client.ExecuteAsync("ran = True", contextId: "a")).ToList();
        var refused = await Task.WhenAny(waiting);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await refused).Status);
        waiting.Remove(refused);

        Assert.Equal(done, await SendAsync(client, new HttpMethod(method), path));

        Assert.Equal("Interrupted", (await running).ErrorName);
        foreach (var told in await Task.WhenAll(waiting))
            Assert.Equal((HttpStatusCode.InternalServerError, "ContextLost", "lost"), (told.Status, told.ErrorName, told.State));
        Assert.Equal(method == "DELETE" ? HttpStatusCode.NotFound : HttpStatusCode.OK, await SendAsync(client, HttpMethod.Get, "/contexts/a"));
        Assert.Equal("NameError", (await client.ExecuteAsync("ran", contextId: "a")).ErrorName);
    }

    [Fact]
    public async Task Delete_RightAfterTheFirstExecutionWasAccepted_FindsTheContext()
    {
        using var client = api.ClientOfNobodyElse();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/execute", UriKind.Relative))
        {
            Content = JsonContent.Create(new { code = "1", context_id = "a" }),
        };
        request.Headers.Add("Prefer", "respond-async");
        using (var accepted = await client.SendAsync(request))
            Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(client, HttpMethod.Delete, "/contexts/a"));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(client, HttpMethod.Get, "/contexts/a"));
    }

    [Fact]
    public async Task Interrupt_StopsWhatRuns_AndKeepsTheState()
    {
        using var client = api.ClientOfNobodyElse();
        await client.ExecuteAsync("x = 1", contextId: "a");
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(client, HttpMethod.Post, "/contexts/a/interrupt"));
        var sign = new Sign();
        var running = client.ExecuteAsync($"{sign.GivePython()}\nimport time; time.sleep(600)", contextId: "a", timeoutMs: 600_000);
        await sign.GivenAsync();
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(client, HttpMethod.Post, "/contexts/a/interrupt"));
        Assert.Equal("Interrupted", (await running).ErrorName);
        Assert.Equal("1", (await client.ExecuteAsync("x", contextId: "a")).Text);
    }

    [Theory]
    [InlineData("python", "x = 1; open('note', 'w').write('kept')", "open('note').read()", "'kept'")]
    [InlineData("typescript", "let x = 1; await Bun.write('note', 'kept')", "await Bun.file('note').text()", "'kept'")]
    public async Task Restart_LosesTheStateAndKeepsTheFiles_InANewIncarnation(string language, string set, string get, string text)
    {
        using var client = api.ClientOfNobodyElse();
        await client.ExecuteAsync(set, language, "a");
        Assert.Equal(HttpStatusCode.OK, await SendAsync(client, HttpMethod.Post, "/contexts/a/restart"));
        var gone = await client.ExecuteAsync("x", contextId: "a");
        Assert.Equal(("kept", "2", 1), (gone.State, gone.Incarnation, gone.Count));
        Assert.True(gone.ErrorName is "NameError" or "ReferenceError", gone.ToString());
        Assert.Equal(text.Trim('\''), (await client.ExecuteAsync(get, contextId: "a")).Text?.Trim('\'', '"'));
    }

    [Theory]
    [InlineData("DELETE", "/contexts/never")]
    [InlineData("POST", "/contexts/never/interrupt")]
    [InlineData("POST", "/contexts/never/restart")]
    [InlineData("DELETE", "/contexts/-")]
    public async Task WhatNeverWas_IsNotFound(string method, string path)
    {
        using var client = api.ClientOfNobodyElse();
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(client, new HttpMethod(method), path));
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient client, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Limits;

/// <summary>What a tenant may not have too much of.</summary>
[Collection(QuotaCollection.Name)]
public sealed class QuotaTests(QuotaFixture api)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Execute_OfOneContextTooMany_IsRefusedAndTheOthersGoOn()
    {
        using var client = api.ClientOf("two-contexts");
        Assert.Equal("new", (await client.ExecuteAsync("x = 41", contextId: "a")).State);
        Assert.Equal("new", (await client.ExecuteAsync("1", "typescript", "b")).State);
        for (var i = 0; i < 2; i++)
            AssertOverQuota(await client.ExecuteAsync("1", contextId: "c"), "This tenant has as many contexts as it may have; delete some.", "2", "60");
        AssertOverQuota(await client.ExecuteAsync("1"), "This tenant has as many contexts as it may have; delete some.", "2", "60");
        Assert.Equal(("42", "kept"), (await client.ExecuteAsync("x + 1", contextId: "a") is var kept ? (kept.Text, kept.State) : default));
        using var list = await client.GetAsync(new Uri("/contexts", UriKind.Relative));
        Assert.Equal(["a", "b"], JsonElement.Parse(await list.Content.ReadAsStringAsync()).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()));
        using var other = api.ClientOfNobodyElse();
        Assert.Equal("new", (await other.ExecuteAsync("1", contextId: "c")).State);
    }

    [Fact]
    public async Task Execute_OfManyNewContextsAtOnce_CreatesExactlyTheQuota()
    {
        using var client = api.ClientOf("two-at-once");
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(number => client.ExecuteAsync("1", contextId: $"c{number}")));
        Assert.Equal(2, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status));
    }

    [Fact]
    public async Task Execute_OfTheSameNewContextManyTimesAtOnce_CountsItOnce()
    {
        using var client = api.ClientOf("one-context");
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => client.ExecuteAsync("1", contextId: "a")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Single(answers, answer => answer.State == "new");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await client.ExecuteAsync("1", contextId: "b")).Status);
    }

    [Fact]
    public async Task Execute_WhileAsManyRunAsMay_IsRefusedUntilOneEnds()
    {
        using var client = api.ClientOf("one-execution");
        var sign = new Sign();
        var running = client.ExecuteAsync(sign.GiveAndAwaitAnswerPython(), contextId: "a");
        await sign.GivenAsync();
        AssertOverQuota(
            await client.ExecuteAsync("1", contextId: "b"), "As many executions of this tenant are under way as may be.", "1", "1");
        using (var lines = await client.PostAsync(new Uri("/execute/async", UriKind.Relative), JsonContent.Create(new { code = "1", context_id = "b" })))
            Assert.Equal(HttpStatusCode.TooManyRequests, lines.StatusCode);
        // It is executions that there are too many of, and this tenant's.
        using var list = await client.GetAsync(new Uri("/contexts", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, list.StatusCode);
        using var other = api.ClientOfNobodyElse();
        Assert.Equal(HttpStatusCode.OK, (await other.ExecuteAsync("1")).Status);
        sign.Answer();
        Assert.Equal(HttpStatusCode.OK, (await running).Status);
        Assert.Equal(HttpStatusCode.OK, (await client.ExecuteAsync("1", contextId: "b")).Status);
    }

    [Fact]
    public async Task Execute_ThatNobodyWaitsFor_TakesItsPlaceUntilItsEnd_AndIsNobodyElses()
    {
        using var client = api.ClientOf("one-execution-later");
        var sign = new Sign();
        using var request = EventStream.Request(sign.GiveAndAwaitAnswerPython(), contextId: "a", timeoutMs: 600_000);
        request.Headers.Add("Prefer", "respond-async");
        using var begun = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        await sign.GivenAsync();
        AssertOverQuota(
            await client.ExecuteAsync("1", contextId: "b"), "As many executions of this tenant are under way as may be.", "1", "1");
        using (var own = await client.GetAsync(begun.Headers.Location))
            Assert.Equal(HttpStatusCode.Accepted, own.StatusCode);
        using var other = api.ClientOfNobodyElse();
        using (var foreign = await other.GetAsync(begun.Headers.Location))
            Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        sign.Answer();
        await Eventually.UntilAsync(async () => (await client.ExecuteAsync("1", contextId: "b")).Status == HttpStatusCode.OK, Bound);
    }

    [Fact]
    public async Task AnyRequest_OfATenantThatSendsTooMany_IsRefusedUntilItHasWaited()
    {
        using var client = api.ClientOf("one-request");
        using var bound = new CancellationTokenSource(Bound);
        HttpResponseMessage answer;
        while ((answer = await client.GetAsync(new Uri("/contexts", UriKind.Relative), bound.Token)).StatusCode == HttpStatusCode.OK)
            answer.Dispose();
        using (answer)
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.Equal(("1", "1", "0", "1"), (Header(answer, "Retry-After"), Header(answer, "RateLimit-Limit"), Header(answer, "RateLimit-Remaining"), Header(answer, "RateLimit-Reset")));
            Assert.Equal("""{"message":"This tenant sends too many requests."}""", await answer.Content.ReadAsStringAsync(bound.Token));
        }
        using var other = api.ClientOfNobodyElse();
        using (var served = await other.GetAsync(new Uri("/contexts", UriKind.Relative), bound.Token))
            Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        while ((answer = await client.GetAsync(new Uri("/contexts", UriKind.Relative), bound.Token)).StatusCode != HttpStatusCode.OK)
            answer.Dispose();
        answer.Dispose();
    }

    [Fact]
    public async Task AnyAnswer_SaysHowManyRequestsAreLeft()
    {
        using var client = api.ClientOfNobodyElse();
        using var answer = await client.GetAsync(new Uri("/contexts/none", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(("10000", "9999", "1"), (Header(answer, "RateLimit-Limit"), Header(answer, "RateLimit-Remaining"), Header(answer, "RateLimit-Reset")));
        using var health = await api.Anonymous.GetAsync(new Uri("/healthz", UriKind.Relative));
        Assert.False(health.Headers.Contains("RateLimit-Limit"));
    }

    private static void AssertOverQuota(Answer answer, string message, string limit, string wait)
    {
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status);
        Assert.Equal($$"""{"message":"{{message}}"}""", answer.Body.GetRawText());
        Assert.Equal((wait, limit, "0", wait), (answer.Header("Retry-After"), answer.Header("RateLimit-Limit"), answer.Header("RateLimit-Remaining"), answer.Header("RateLimit-Reset")));
    }

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));
}

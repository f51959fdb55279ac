using System.Globalization;
using System.Net;
using System.Text.Json;
using Sandbox.Cluster.Tests.Api.Limits;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Contexts;

/// <summary>A tenant looks at its contexts.</summary>
[Collection(QuotaCollection.Name)]
public sealed class ContextTests(QuotaFixture api)
{
    [Theory]
    [InlineData("py", "python")]
    [InlineData("js", "typescript")]
    public async Task Get_SaysWhatTheContextIsAndDoes(string language, string name)
    {
        using var client = api.ClientOfNobodyElse();
        var before = DateTimeOffset.UtcNow;
        await client.ExecuteAsync("1", language, "a");
        await client.ExecuteAsync("2", contextId: "a");
        var (status, context) = await GetAsync(client, "/contexts/a");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            ["id", "language", "cwd", "state", "incarnation", "execution_count", "created_at", "last_used_at", "expires_at"],
            context.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ("a", name, "/home/user", "idle", 1, 2),
            (Text(context, "id"), Text(context, "language"), Text(context, "cwd"), Text(context, "state"),
                context.GetProperty("incarnation").GetInt32(), context.GetProperty("execution_count").GetInt32()));
        var (created, used) = (context.GetProperty("created_at").GetDateTimeOffset(), context.GetProperty("last_used_at").GetDateTimeOffset());
        Assert.True(before <= created && created < used && used <= DateTimeOffset.UtcNow, $"{before:O} {created:O} {used:O}");
        Assert.Equal(used + TimeSpan.FromDays(7), context.GetProperty("expires_at").GetDateTimeOffset());
    }

    [Fact]
    public async Task Get_WhileCodeRuns_SaysSo()
    {
        using var client = api.ClientOfNobodyElse();
        var sign = new Sign();
        var running = client.ExecuteAsync(sign.GiveAndAwaitAnswerPython(), contextId: "a");
        await sign.GivenAsync();
        Assert.Equal("running", Text((await GetAsync(client, "/contexts/a")).Body, "state"));
        sign.Answer();
        await running;
        Assert.Equal("idle", Text((await GetAsync(client, "/contexts/a")).Body, "state"));
    }

    /// <summary>One tenant's ids are to another as if they had never been.</summary>
    [Fact]
    public async Task Get_OfAnotherTenantsContext_IsAnsweredAsIfItHadNeverBeen()
    {
        using var owner = api.ClientOfNobodyElse();
        var id = ApiFixture.NewContextId();
        await owner.ExecuteAsync("1", contextId: id);
        using var other = api.ClientOfNobodyElse();
        using var foreign = await other.GetAsync(new Uri($"/contexts/{id}", UriKind.Relative));
        using var never = await other.GetAsync(new Uri($"/contexts/{ApiFixture.NewContextId()}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        Assert.Equal("""{"message":"There is no context of this id."}""", await foreign.Content.ReadAsStringAsync());
        Assert.Equal(await foreign.Content.ReadAsStringAsync(), await never.Content.ReadAsStringAsync());
        Assert.Equal(HeadersOf(foreign), HeadersOf(never));
        Assert.Empty((await GetAsync(other, "/contexts")).Body.GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("/contexts/-a")]
    [InlineData("/contexts/a:b")]
    [InlineData("/contexts/default:a")]
    [InlineData("/contexts/a%2Fb")]
    [InlineData("/contexts/a%0A")]
    [InlineData("/contexts/%C3%A9")]
    public async Task Get_OfWhatCanBeNoId_IsNotFound(string path)
    {
        using var client = api.ClientOfNobodyElse();
        var (status, body) = await GetAsync(client, path);
        Assert.Equal((HttpStatusCode.NotFound, "There is no context of this id."), (status, Text(body, "message")));
    }

    [Fact]
    public async Task List_GoesThroughAllContextsPageByPage()
    {
        using var client = api.ClientOfNobodyElse();
        Assert.Equal("""{"items":[]}""", (await GetAsync(client, "/contexts")).Body.GetRawText());
        string[] ids = ["a", "B", "c.1", "d-2", "e_3"];
        foreach (var id in ids)
            await client.ExecuteAsync("", contextId: id);

        var seen = new List<string>();
        var pages = new List<int>();
        for (var path = "/contexts?limit=2"; ;)
        {
            var (status, page) = await GetAsync(client, path);
            Assert.Equal(HttpStatusCode.OK, status);
            var items = page.GetProperty("items").EnumerateArray().Select(item => Text(item, "id")).ToList();
            seen.AddRange(items);
            pages.Add(items.Count);
            if (!page.TryGetProperty("next_cursor", out var cursor))
                break;
            path = $"/contexts?limit=2&cursor={cursor.GetString()}";
        }
        Assert.Equal(ids.Order(StringComparer.Ordinal), seen);
        Assert.Equal([2, 2, 1], pages);
        var (_, all) = await GetAsync(client, "/contexts");
        Assert.Equal(seen, all.GetProperty("items").EnumerateArray().Select(item => Text(item, "id")));
        Assert.False(all.TryGetProperty("next_cursor", out _));
    }

    [Theory]
    [InlineData("limit=0", "limit: must be an integer from 1 to 100")]
    [InlineData("limit=101", "limit: must be an integer from 1 to 100")]
    [InlineData("limit=-1", "limit: must be an integer from 1 to 100")]
    [InlineData("limit=", "limit: must be an integer from 1 to 100")]
    [InlineData("limit=1e1", "limit: must be an integer from 1 to 100")]
    [InlineData("limit=1&limit=2", "limit: must be an integer from 1 to 100")]
    [InlineData("cursor=", "cursor: must be the next_cursor of an earlier answer")]
    [InlineData("cursor=x", "cursor: must be the next_cursor of an earlier answer")]
    [InlineData("cursor=*", "cursor: must be the next_cursor of an earlier answer")]
    [InlineData("cursor=MTo", "cursor: must be the next_cursor of an earlier answer")]
    [InlineData("cursor=MTphOmI", "cursor: must be the next_cursor of an earlier answer")]
    [InlineData("limit=x&cursor=x", "limit: must be an integer from 1 to 100", "cursor: must be the next_cursor of an earlier answer")]
    public async Task List_WhenRulesAreBroken_NamesAllOfThem(string query, params string[] faults)
    {
        using var client = api.ClientOfNobodyElse();
        var (status, body) = await GetAsync(client, $"/contexts?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(faults, body.GetProperty("errors").EnumerateArray().Select(fault => $"{Text(fault, "field")}: {Text(fault, "error")}"));
    }

    [Fact]
    public async Task AfterARestart_ContextsAreListedAndNothingOfThemIsStarted()
    {
        var data = Directory.CreateTempSubdirectory("sandbox-test-");
        try
        {
            await using (var first = await ApiProcess.StartAsync(data.FullName))
            {
                await Task.WhenAll(Enumerable.Range(0, 3).Select(number =>
                    first.Client.ExecuteAsync("1", contextId: number.ToString(CultureInfo.InvariantCulture))));
                Assert.Equal(0, await first.TerminateAsync());
            }
            await using var second = await ApiProcess.StartAsync(data.FullName);
            var (_, list) = await GetAsync(second.Client, "/contexts");
            Assert.Equal(["0", "1", "2"], list.GetProperty("items").EnumerateArray().Select(item => Text(item, "id")));
            Assert.All(list.GetProperty("items").EnumerateArray(), item => Assert.Equal("hibernated", Text(item, "state")));
            Assert.Equal("hibernated", Text((await GetAsync(second.Client, "/contexts/0")).Body, "state"));
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        var body = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        OpenApiContract.AssertAnswer(path.StartsWith("/contexts/", StringComparison.Ordinal) ? "get /contexts/{id}" : "get /contexts", answer, body);
        return (answer.StatusCode, body);
    }

    private static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;

    private static IEnumerable<string> HeadersOf(HttpResponseMessage answer) => answer.Headers.Concat(answer.Content.Headers)
        .Where(header => header.Key is not ("Date" or "RateLimit-Remaining"))
        .Select(header => $"{header.Key}: {string.Join(',', header.Value)}");
}

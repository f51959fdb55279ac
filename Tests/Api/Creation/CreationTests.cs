using System.Net;
using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Tests.Api.Limits;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Creation;

/// <summary>A tenant makes contexts on purpose.</summary>
[Collection(QuotaCollection.Name)]
public sealed class CreationTests(QuotaFixture api)
{
    private const string BadIdleTimeout = "idle_timeout_ms: must be an integer from 120000 to 86400000";
    private const string BadMetadata = "metadata: names and values must be strings of Unicode text";
    private const string BadName = "env_vars: names must begin with a letter or underscore and go on with letters, digits and underscores";
    private const string Elsewhere = "cwd: must be /home/user, a directory below it, or relative to it";
    private const string Upwards = "cwd: must not have a part that is ..";

    [Theory]
    [InlineData("py", "python")]
    [InlineData("Node", "typescript")]
    public async Task Create_AnswersWithAContextThatWaitsForCode(string language, string name)
    {
        using var client = api.ClientOfNobodyElse();
        var created = await CreateAsync(client, $$$"""{"language":"{{{language}}}","metadata":{"é":"😀","":""},"other":1}""");
        Assert.Equal(HttpStatusCode.Created, created.Status);
        var id = created.Body.GetProperty("id").GetString()!;
        Assert.Matches("^[0-9a-f]{32}$", id);
        Assert.Equal(($"/contexts/{id}", "new", "1"), (created.Location, created.Header("Context-State"), created.Header("Context-Incarnation")));
        Assert.Equal((name, "/home/user", "idle", 0), (Text(created.Body, "language"), Text(created.Body, "cwd"), Text(created.Body, "state"), created.Body.GetProperty("execution_count").GetInt32()));
        Assert.Equal("""{"é":"😀","":""}""", Unescaped(created.Body.GetProperty("metadata")));
        Assert.Equal(created.Body.GetRawText(), (await GetAsync(client, $"/contexts/{id}")).GetRawText());
        Assert.Equal(created.Body.GetRawText(), Assert.Single((await GetAsync(client, "/contexts")).GetProperty("items").EnumerateArray()).GetRawText());

        var first = await client.ExecuteAsync("1 + 1", contextId: id);
        Assert.Equal(("2", "kept", "1", 1), (first.Text, first.State, first.Incarnation, first.Count));
    }

    [Theory]
    [InlineData("python", "import os; os.environ.get('A'), os.environ.get('B'), os.environ.get('C')", "('{0}', '{1}', {2})", "None", "import os; os._exit(1)")]
    [InlineData("typescript", "[process.env.A, process.env.B, process.env.C].map(String).join()", "'{0},{1},{2}'", "undefined", "process.exit(1)")]
    public async Task Create_WithVariables_SetsThemInEveryInterpreter_AndThoseOfAnExecutionLieOverThem(
        string language, string get, string form, string none, string exit)
    {
        using var client = api.ClientOfNobodyElse();
        var id = await IdOfNewAsync(client, $$$"""{"language":"{{{language}}}","env_vars":{"A":"a","B":"b"}}""");
        string Form(string a, string b, string c) => string.Format(System.Globalization.CultureInfo.InvariantCulture, form, a, b, c);
        Assert.Equal(Form("a", "b", none), (await client.ExecuteAsync(get, contextId: id)).Text);
        var over = await client.ExecuteAsync(get, contextId: id, environment: new Dictionary<string, string> { ["B"] = "over", ["C"] = "c" });
        Assert.Equal(Form("a", "over", language == "python" ? "'c'" : "c"), over.Text);
        Assert.Equal(Form("a", "b", none), (await client.ExecuteAsync(get, contextId: id)).Text);

        await PostAsync(client, $"/contexts/{id}/restart");
        Assert.Equal(Form("a", "b", none), (await client.ExecuteAsync(get, contextId: id)).Text);
        Assert.Equal("InterpreterExited", (await client.ExecuteAsync(exit, contextId: id)).ErrorName);
        Assert.Equal(Form("a", "b", none), (await client.ExecuteAsync(get, contextId: id)).Text);
    }

    [Theory]
    [InlineData("python", "project/é", "/home/user/project/é", "import os; os.getcwd()")]
    [InlineData("python", "/home/user/project", "/home/user/project", "import os; os.getcwd()")]
    [InlineData("python", "//home/./user//project/", "/home/user/project", "import os; os.getcwd()")]
    [InlineData("python", "./", "/home/user", "import os; os.getcwd()")]
    [InlineData("python", "/home/user", "/home/user", "import os; os.getcwd()")]
    [InlineData("typescript", "project/é", "/home/user/project/é", "process.cwd()")]
    [InlineData("typescript", "", "/home/user", "process.cwd()")]
    public async Task Create_WithADirectory_StartsCodeThere(string language, string cwd, string found, string get)
    {
        using var client = api.ClientOfNobodyElse();
        var created = await CreateAsync(client, JsonSerializer.Serialize(new { language, cwd }));
        Assert.Equal(found, Text(created.Body, "cwd"));
        var id = Text(created.Body, "id");
        Assert.Equal($"'{found}'", (await client.ExecuteAsync(get, contextId: id)).Text);
        await PostAsync(client, $"/contexts/{id}/restart");
        Assert.Equal($"'{found}'", (await client.ExecuteAsync(get, contextId: id)).Text);
    }

    [Theory]
    [InlineData("""{"language":"cobol"}""", "language: must be one of python, py, python3, typescript, ts, javascript, js, bun, node")]
    [InlineData("""{"language":null}""", "language: must be a string, not null; leave the member out instead")]
    [InlineData("""{"cwd":1}""", "cwd: must be a string, not a number")]
    [InlineData("""{"cwd":"/"}""", Elsewhere)]
    [InlineData("""{"cwd":"/tmp"}""", Elsewhere)]
    [InlineData("""{"cwd":"/home/user2"}""", Elsewhere)]
    [InlineData("""{"cwd":"/home"}""", Elsewhere)]
    [InlineData("""{"cwd":"a/../b"}""", Upwards)]
    [InlineData("""{"cwd":"/home/user/.."}""", Upwards)]
    [InlineData("""{"cwd":"a\u0000b"}""", "cwd: must not hold the character U+0000")]
    [InlineData("""{"cwd":"\ud800"}""", "cwd: must be Unicode text: it holds a surrogate without its pair")]
    [InlineData("""{"env_vars":{"1":"x"}}""", BadName)]
    [InlineData("""{"idle_timeout_ms":119999}""", BadIdleTimeout)]
    [InlineData("""{"idle_timeout_ms":86400001}""", BadIdleTimeout)]
    [InlineData("""{"idle_timeout_ms":"120000"}""", BadIdleTimeout)]
    [InlineData("""{"idle_timeout_ms":120000.5}""", BadIdleTimeout)]
    [InlineData("""{"metadata":[]}""", "metadata: must be an object of strings, not an array")]
    [InlineData("""{"metadata":{"a":1}}""", BadMetadata)]
    [InlineData("""{"metadata":{"\ud800":"a"}}""", BadMetadata)]
    [InlineData("""{"metadata":{"a":"1","a":"2"}}""", "metadata: must not hold a name more than once")]
    [InlineData("""{"cwd":"a","cwd":"b"}""", "cwd: appears more than once")]
    [InlineData("[]", "body: must be a JSON object, not an array")]
    [InlineData("", "body: is not JSON of at most 32 levels: the fault is at line 1, byte 1")]
    [InlineData("""{"cwd":"..","language":[],"env_vars":{"1":"x"},"idle_timeout_ms":1,"metadata":{"a":{}}}""",
        "language: must be a string, not an array", Upwards, BadName, BadIdleTimeout, BadMetadata)]
    public async Task Create_WhenRulesAreBroken_NamesAllOfThemAndMakesNothing(string body, params string[] faults)
    {
        using var client = api.ClientOfNobodyElse();
        var refused = await CreateAsync(client, body);
        Assert.Equal((HttpStatusCode.BadRequest, "Invalid request"), (refused.Status, Text(refused.Body, "message")));
        Assert.Equal(faults, refused.Faults);
        Assert.Empty((await GetAsync(client, "/contexts")).GetProperty("items").EnumerateArray());
    }

    public static TheoryData<string, string, HttpStatusCode> Sizes => new()
    {
        { "cwd", JsonSerializer.Serialize(string.Join('/', Enumerable.Repeat("d", 64))), HttpStatusCode.Created },
        { "cwd", JsonSerializer.Serialize(string.Join('/', Enumerable.Repeat("d", 65))), HttpStatusCode.BadRequest },
        { "cwd", JsonSerializer.Serialize(new string('d', 255)), HttpStatusCode.Created },
        { "cwd", JsonSerializer.Serialize(new string('d', 256)), HttpStatusCode.BadRequest },
        { "cwd", JsonSerializer.Serialize(string.Join('/', Enumerable.Repeat(new string('d', 200), 21))), HttpStatusCode.BadRequest },
        { "metadata", JsonSerializer.Serialize(Enumerable.Range(0, 32).ToDictionary(n => $"n{n}", _ => "")), HttpStatusCode.Created },
        { "metadata", JsonSerializer.Serialize(Enumerable.Range(0, 33).ToDictionary(n => $"n{n}", _ => "")), HttpStatusCode.BadRequest },
        { "metadata", JsonSerializer.Serialize(new { a = new string('x', (8 << 10) - 1) }), HttpStatusCode.Created },
        { "metadata", JsonSerializer.Serialize(new { a = new string('x', 8 << 10) }), HttpStatusCode.BadRequest },
        { "env_vars", JsonSerializer.Serialize(new { A = new string('x', (64 << 10) - 1) }), HttpStatusCode.Created },
        { "env_vars", JsonSerializer.Serialize(new { A = new string('x', 64 << 10) }), HttpStatusCode.BadRequest },
        { "idle_timeout_ms", "120000", HttpStatusCode.Created },
        { "idle_timeout_ms", "8.64e7", HttpStatusCode.Created },
    };

    [Theory, MemberData(nameof(Sizes))]
    public async Task Create_TakesWhatIsWithinItsLimits(string member, string value, HttpStatusCode status)
    {
        using var client = api.ClientOfNobodyElse();
        Assert.Equal(status, (await CreateAsync(client, $$"""{"{{member}}":{{value}}}""")).Status);
    }

    [Fact]
    public async Task Create_OfWhatIsNoJsonByItsHeaders_IsRefused()
    {
        using var client = api.ClientOfNobodyElse();
        using var answer = await client.PostAsync(new Uri("/contexts", UriKind.Relative), new StringContent("{}", Encoding.UTF8, "text/plain"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Fact]
    public async Task Create_OfOneContextTooMany_IsRefusedUntilOneIsDeleted()
    {
        using var client = api.ClientOf("one-created");
        var id = await IdOfNewAsync(client, "{}");
        var refused = await CreateAsync(client, "{}");
        Assert.Equal((HttpStatusCode.TooManyRequests, "60", "1", "0"), (refused.Status, refused.Header("Retry-After"), refused.Header("RateLimit-Limit"), refused.Header("RateLimit-Remaining")));
        Assert.Equal("""{"message":"This tenant has as many contexts as it may have; delete some."}""", refused.Body.GetRawText());
        using (var deleted = await client.DeleteAsync(new Uri($"/contexts/{id}", UriKind.Relative)))
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await Eventually.UntilAsync(async () => (await CreateAsync(client, "{}")).Status == HttpStatusCode.Created);
    }

    private static async Task<Created> CreateAsync(HttpClient client, string body)
    {
        using var answer = await client.PostAsync(new Uri("/contexts", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
        var json = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        OpenApiContract.AssertAnswer("post /contexts", answer, json);
        return new Created(answer.StatusCode, json, answer.Headers.Location?.OriginalString, answer.Headers.ToDictionary(header => header.Key, header => header.Value.Single()));
    }

    private static async Task<string> IdOfNewAsync(HttpClient client, string body)
    {
        var created = await CreateAsync(client, body);
        Assert.Equal(HttpStatusCode.Created, created.Status);
        return Text(created.Body, "id");
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) =>
        JsonElement.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative)));

    private static async Task PostAsync(HttpClient client, string path)
    {
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;

    private static string Unescaped(JsonElement json) =>
        $"{{{string.Join(',', json.EnumerateObject().Select(member => $"\"{member.Name}\":\"{member.Value.GetString()}\""))}}}";

    private sealed record Created(HttpStatusCode Status, JsonElement Body, string? Location, Dictionary<string, string> Headers)
    {
        public IEnumerable<string> Faults => Body.GetProperty("errors").EnumerateArray().Select(fault => $"{Text(fault, "field")}: {Text(fault, "error")}");

        public string? Header(string name) => Headers.GetValueOrDefault(name);
    }
}

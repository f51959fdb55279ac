using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Execute;

/// <summary>What <c>POST /execute</c> refuses, and how.</summary>
[Collection(ApiCollection.Name)]
public class RefusalTests(ApiFixture api)
{
    private const string BadName = "names must begin with a letter or underscore and go on with letters, digits and underscores";
    private const string BadId = "must be 1 to 128 letters, digits, dots, underscores and hyphens, and begin with a letter or digit";
    private const string BadLanguage = "must be one of python, py, python3, typescript, ts, javascript, js, bun, node";
    private const string BadTimeout = "must be an integer from 1 to 3600000";
    private const string Surrogate = "must be Unicode text: it holds a surrogate without its pair";

    [Theory]
    [InlineData("{}", "code: is required")]
    [InlineData("""{"Code":"1"}""", "code: is required")]
    [InlineData("""{"code":null}""", "code: must be a string, not null; leave the member out instead")]
    [InlineData("""{"code":1}""", "code: must be a string, not a number")]
    [InlineData("""{"code":true}""", "code: must be a string, not a boolean")]
    [InlineData("""{"code":["1"]}""", "code: must be a string, not an array")]
    [InlineData("""{"code":{}}""", "code: must be a string, not an object")]
    [InlineData("""{"code":"\ud800"}""", "code: " + Surrogate)]
    [InlineData("""{"code":"1","code":"2"}""", "code: appears more than once")]
    [InlineData("""{"code":"1","code":"2","code":"3"}""", "code: appears more than once")]
    [InlineData("""{"code":"1","x":1,"y":2,"x":3,"y":4}""", "body: holds a member more than once")]
    [InlineData("""{"code":"1","context_id":""}""", "context_id: " + BadId)]
    [InlineData("""{"code":"1","context_id":".hidden"}""", "context_id: " + BadId)]
    [InlineData("""{"code":"1","context_id":"a/b"}""", "context_id: " + BadId)]
    [InlineData("""{"code":"1","context_id":"a:b"}""", "context_id: " + BadId)]
    [InlineData("""{"code":"1","context_id":"a b"}""", "context_id: " + BadId)]
    [InlineData("""{"code":"1","context_id":"a\n"}""", "context_id: " + BadId)]
    [InlineData("""{"code":"1","context_id":"é"}""", "context_id: " + BadId)]
    [InlineData("""{"code":"1","context_id":7}""", "context_id: must be a string, not a number")]
    [InlineData("""{"code":"1","context_id":"\udfff"}""", "context_id: " + Surrogate)]
    [InlineData("""{"code":"1","language":"ruby"}""", "language: " + BadLanguage)]
    [InlineData("""{"code":"1","language":""}""", "language: " + BadLanguage)]
    [InlineData("""{"code":"1","language":"python "}""", "language: " + BadLanguage)]
    [InlineData("""{"code":"1","language":null}""", "language: must be a string, not null; leave the member out instead")]
    [InlineData("""{"code":"1","env_vars":[]}""", "env_vars: must be an object of strings, not an array")]
    [InlineData("""{"code":"1","env_vars":"A=1"}""", "env_vars: must be an object of strings, not a string")]
    [InlineData("""{"code":"1","env_vars":{"A":1}}""", "env_vars: values must be strings of Unicode text")]
    [InlineData("""{"code":"1","env_vars":{"A":null}}""", "env_vars: values must be strings of Unicode text")]
    [InlineData("""{"code":"1","env_vars":{"A":"\ud800"}}""", "env_vars: values must be strings of Unicode text")]
    [InlineData("""{"code":"1","env_vars":{"A":"a\u0000b"}}""", "env_vars: values must not hold the character U+0000, which no environment can hold")]
    [InlineData("""{"code":"1","env_vars":{"1A":"x"}}""", "env_vars: " + BadName)]
    [InlineData("""{"code":"1","env_vars":{"":"x"}}""", "env_vars: " + BadName)]
    [InlineData("""{"code":"1","env_vars":{"A B":"x"}}""", "env_vars: " + BadName)]
    [InlineData("""{"code":"1","env_vars":{"A=B":"x"}}""", "env_vars: " + BadName)]
    [InlineData("""{"code":"1","env_vars":{"A\n":"x"}}""", "env_vars: " + BadName)]
    [InlineData("""{"code":"1","env_vars":{"\ud800":"x"}}""", "env_vars: " + BadName)]
    [InlineData("""{"code":"1","env_vars":{"A":"1","A":"2"}}""", "env_vars: must not hold a name more than once")]
    [InlineData("""{"code":"1","timeout_ms":0}""", "timeout_ms: " + BadTimeout)]
    [InlineData("""{"code":"1","timeout_ms":-1}""", "timeout_ms: " + BadTimeout)]
    [InlineData("""{"code":"1","timeout_ms":1.5}""", "timeout_ms: " + BadTimeout)]
    [InlineData("""{"code":"1","timeout_ms":3600001}""", "timeout_ms: " + BadTimeout)]
    [InlineData("""{"code":"1","timeout_ms":1e400}""", "timeout_ms: " + BadTimeout)]
    [InlineData("""{"code":"1","timeout_ms":"1000"}""", "timeout_ms: " + BadTimeout)]
    [InlineData("""{"code":"1","timeout_ms":true}""", "timeout_ms: " + BadTimeout)]
    [InlineData("""[]""", "body: must be a JSON object, not an array")]
    [InlineData("\"code\"", "body: must be a JSON object, not a string")]
    [InlineData("null", "body: must be a JSON object, not null; leave the member out instead")]
    [InlineData("", "body: is not JSON of at most 32 levels: the fault is at line 1, byte 1")]
    [InlineData("{\"code\":", "body: is not JSON of at most 32 levels: the fault is at line 1, byte 9")]
    [InlineData("{'code':'1'}", "body: is not JSON of at most 32 levels: the fault is at line 1, byte 2")]
    [InlineData("{\"code\":\"1\"}{}", "body: is not JSON of at most 32 levels: the fault is at line 1, byte 13")]
    [InlineData("{\"code\":\"1\",}", "body: is not JSON of at most 32 levels: the fault is at line 1, byte 13")]
    [InlineData("{\n\"code\":\"1\" // no\n}", "body: is not JSON of at most 32 levels: the fault is at line 2, byte 12")]
    public async Task Execute_WhenOneRuleIsBroken_NamesTheFieldAndTheRule(string body, string fault)
    {
        var answer = await api.Client.PostJsonAsync(body);
        AssertBadRequest(answer);
        Assert.Equal([fault], answer.Faults);
    }

    [Fact]
    public async Task Execute_WhenManyRulesAreBroken_NamesAllOfThemAtOnce()
    {
        var answer = await api.Client.PostJsonAsync(
            """{"context_id":"-","language":"cobol","env_vars":{"1":"x","A":2},"timeout_ms":-5,"code":[]}""");
        AssertBadRequest(answer);
        Assert.Equal(
            [
                "code: must be a string, not an array",
                "context_id: " + BadId,
                "language: " + BadLanguage,
                "env_vars: " + BadName,
                "env_vars: values must be strings of Unicode text",
                "timeout_ms: " + BadTimeout,
            ],
            answer.Faults);
    }

    [Fact]
    public async Task Execute_WhenABrokenRuleIsBrokenAThousandTimes_SaysItOnce()
    {
        var variables = string.Join(',', Enumerable.Range(0, 1000).Select(i => $"\"{i}\":\"x\""));
        var answer = await api.Client.PostJsonAsync($$"""{"code":"1","env_vars":{ {{variables}} } }""");
        Assert.Equal(["env_vars: must not have more than 256 entries", "env_vars: " + BadName], answer.Faults);
    }

    [Theory]
    [InlineData(256, 1, HttpStatusCode.OK)]
    [InlineData(257, 1, HttpStatusCode.BadRequest)]
    [InlineData(1, 65535, HttpStatusCode.OK)]
    [InlineData(1, 65536, HttpStatusCode.BadRequest)]
    public async Task Execute_TakesAnEnvironmentUpToItsLimits(int count, int valueLength, HttpStatusCode status)
    {
        var environment = Enumerable.Range(0, count).ToDictionary(i => count == 1 ? "A" : $"V{i}", _ => new string('x', valueLength));
        var answer = await api.Client.ExecuteAsync("", environment: environment);
        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Execute_WhenTheBodyIsNotUtf8_SaysSo()
    {
        using var content = new ByteArrayContent([.. "{\"code\":\""u8, 0xff, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var answer = await api.Client.PostAsync(content);
        AssertBadRequest(answer);
        Assert.Equal(["body: is not UTF-8"], answer.Faults);
    }

    [Fact]
    public async Task Execute_WhenTheBodyNestsTooDeeply_SaysSo()
    {
        var answer = await api.Client.PostJsonAsync("{\"code\":\"1\",\"x\":" + new string('[', 40) + new string(']', 40) + "}");
        AssertBadRequest(answer);
        Assert.StartsWith("body: is not JSON of at most 32 levels", Assert.Single(answer.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1 << 20, HttpStatusCode.OK)]
    [InlineData((1 << 20) + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Execute_TakesOneMebibyteOfCode(int bytes, HttpStatusCode status)
    {
        // Two bytes a character: the limit is one of bytes.
        var code = "#" + new string('é', (bytes - 1) / 2) + new string(' ', (bytes - 1) % 2);
        Assert.Equal(bytes, Encoding.UTF8.GetByteCount(code));
        AssertStatus(status, await api.Client.ExecuteAsync(code));
    }

    [Fact]
    public async Task Execute_TakesOneMebibyteOfCodeThatIsEscaped()
    {
        var code = string.Concat(Enumerable.Repeat("\\u0020", 1 << 20));
        AssertStatus(HttpStatusCode.OK, await api.Client.PostJsonAsync($$"""{"code":"{{code}}"}"""));
    }

    [Fact]
    public async Task Execute_WhenTheBodyIsTooLarge_SaysSo() => AssertStatus(
        HttpStatusCode.RequestEntityTooLarge, await api.Client.PostJsonAsync("{\"code\":\"\",\"x\":\"" + new string('x', 9 << 20) + "\"}"));

    [Theory]
    [InlineData("text/plain", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/x-www-form-urlencoded", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=latin1", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("nonsense", HttpStatusCode.UnsupportedMediaType)]
    [InlineData(null, HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", HttpStatusCode.OK)]
    [InlineData("application/json; charset=UTF-8", HttpStatusCode.OK)]
    [InlineData("application/json; charset=\"utf-8\"", HttpStatusCode.OK)]
    [InlineData("application/vnd.client+json", HttpStatusCode.OK)]
    public async Task Execute_TakesJsonOnly(string? contentType, HttpStatusCode status)
    {
        using var content = new ByteArrayContent("{\"code\":\"\"}"u8.ToArray());
        if (contentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        AssertStatus(status, await api.Client.PostAsync(content));
    }

    [Theory]
    [InlineData("/execute")]
    [InlineData("/execute/async")]
    [InlineData("/contexts")]
    [InlineData("/contexts/a/complete")]
    [InlineData("/contexts/a/inspect")]
    public async Task ABodyThatIsNotJson_IsToldWhatItHasToBe(string path)
    {
        using var content = new StringContent("{}", Encoding.UTF8, "text/plain");
        using var answer = await api.Client.PostAsync(new Uri(path, UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Contains("application/json", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("identity", HttpStatusCode.OK)]
    public async Task Execute_TakesNoCompressedBody(string encoding, HttpStatusCode status)
    {
        using var content = new StringContent("{\"code\":\"\"}", Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add(encoding);
        AssertStatus(status, await api.Client.PostAsync(content));
    }

    [Theory]
    [InlineData("GET", "/execute", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/executes", HttpStatusCode.NotFound)]
    [InlineData("GET", "/", HttpStatusCode.NotFound)]
    public async Task AnyPath_ThatIsNotThere_IsRefusedInTheSameShape(string method, string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        using var answer = await api.Client.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
        AssertShape(JsonElement.Parse(await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Execute_OnAContextOfAnotherLanguage_IsRefusedAndChangesNothing()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("x = 41", "python", id);
        var refused = await api.Client.ExecuteAsync("1", "typescript", id);
        AssertBadRequest(refused);
        Assert.Equal(["language: is not the context's language, which is python"], refused.Faults);
        Assert.Equal("42", (await api.Client.ExecuteAsync("x + 1", contextId: id)).Text);
    }

    private static void AssertBadRequest(Answer answer)
    {
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("Invalid request", answer.Body.GetProperty("message").GetString());
        Assert.Equal(["message", "errors"], answer.Body.EnumerateObject().Select(member => member.Name));
        Assert.All(answer.Faults, fault => Assert.DoesNotMatch("System\\.|Exception|Sandbox\\.Cluster|JsonElement|   at ", fault));
    }

    private static void AssertStatus(HttpStatusCode status, Answer answer)
    {
        Assert.Equal(status, answer.Status);
        if (status != HttpStatusCode.OK)
            AssertShape(answer.Body);
    }

    private static void AssertShape(JsonElement body)
    {
        Assert.Equal("message", Assert.Single(body.EnumerateObject()).Name);
        Assert.NotEqual("", body.GetProperty("message").GetString());
    }
}

using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.OpenApi;

/// <summary>The document of the whole, and the page that shows it. The answers of other tests are held against it where they come in.</summary>
[Collection(ApiCollection.Name)]
public sealed partial class OpenApiTests(ApiFixture api)
{
    private const string Renewal = "UPDATE_OPENAPI";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static TheoryData<string> Operations => [.. OpenApiContract.Operations];

    [Fact]
    public async Task TheDocument_IsTheCommittedCopy()
    {
        var served = JsonElement.Parse(await GetAsync("/openapi/v1.json"));
        if (Environment.GetEnvironmentVariable(Renewal) is "1")
            await File.WriteAllTextAsync(OpenApiContract.CommittedCopy, JsonSerializer.Serialize(served, Indented) + "\n");
        var committed = JsonElement.Parse(await File.ReadAllTextAsync(OpenApiContract.CommittedCopy));
        Assert.True(
            JsonElement.DeepEquals(committed, served),
            $"The endpoints say something else than deploy/docs/openapi.json. When that is meant, run this test with {Renewal}=1 and commit the file.");
    }

    [Fact]
    public async Task TheDocument_IsOfOpenApi31AndNamesNoAddress()
    {
        var document = JsonElement.Parse(await GetAsync("/openapi/v1.json"));
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.False(document.TryGetProperty("servers", out _));
    }

    /// <summary>Every example is what it is an example of, and every operation has a summary and an example of what it gives.</summary>
    [Theory, MemberData(nameof(Operations))]
    public async Task AnOperation_HasASummaryAndExamplesThatAreTrue(string operation)
    {
        var (method, path) = (operation.Split(' ')[0], operation.Split(' ')[1]);
        var described = JsonElement.Parse(await GetAsync("/openapi/v1.json")).GetProperty("paths").GetProperty(path).GetProperty(method);
        Assert.NotEqual("", described.GetProperty("summary").GetString());
        var examples = 0;
        if (described.TryGetProperty("requestBody", out var request))
            examples += Check(operation, "requestBody", request);
        foreach (var answer in described.GetProperty("responses").EnumerateObject())
            examples += Check(operation, $"responses/{answer.Name}", answer.Value);
        Assert.True(examples > 0, "It has no example.");
    }

    [Fact]
    public async Task ThePage_LoadsNothingFromElsewhere()
    {
        using var answer = await api.Client.GetAsync(new Uri("/docs", UriKind.Relative));
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Equal((HttpStatusCode.OK, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.DoesNotMatch(ReferencePattern(), page);
        Assert.Contains("fetch('openapi/v1.json')", page, StringComparison.Ordinal);
        // And could not, if somebody made it want to.
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; connect-src 'self'; style-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    private static int Check(string operation, string place, JsonElement body)
    {
        if (!body.TryGetProperty("content", out var content) || !content.TryGetProperty("application/json", out var json)
            || !json.TryGetProperty("examples", out var examples))
        {
            return 0;
        }
        foreach (var example in examples.EnumerateObject())
            OpenApiContract.AssertBody(operation, $"{place}/content/application~1json/schema", example.Value.GetProperty("value"));
        return examples.EnumerateObject().Count();
    }

    private Task<string> GetAsync(string path) => api.Client.GetStringAsync(new Uri(path, UriKind.Relative));

    [GeneratedRegex("(src|href)=|https?://|@import|url\\(")]
    private static partial Regex ReferencePattern();
}

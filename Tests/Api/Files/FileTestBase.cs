using System.Net;
using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Files;

/// <summary>What tests of files ask of an Api.</summary>
public abstract class FileTestBase(ApiFixture api)
{
    protected ApiFixture Api { get; } = api;

    protected async Task<(string? Text, string? State)> StateAsync(string context)
    {
        var answer = await Api.Client.ExecuteAsync("1", contextId: context);
        return (answer.Text, answer.State);
    }

    protected async Task<string> NewContextAsync(string language = "python")
    {
        var context = ApiFixture.NewContextId();
        Assert.Equal("1", (await Api.Client.ExecuteAsync("1", language, context)).Text);
        return context;
    }

    protected static Uri PathOf(string context, string path) => new($"/contexts/{context}/files/{path}", UriKind.Relative);

    protected Task<HttpResponseMessage> GetAsync(string context, string path, string? range = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, PathOf(context, path));
        if (range is not null)
            request.Headers.TryAddWithoutValidation("Range", range);
        return Api.Client.SendAsync(request);
    }

    protected async Task<string> GetTextAsync(string context, string path)
    {
        using var answer = await GetAsync(context, path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    protected async Task<HttpStatusCode> PutAsync(string context, string path, string text, bool expectPath = false)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        using var answer = await Api.Client.PutAsync(expectPath ? new Uri($"/contexts/{context}/files", UriKind.Relative) : PathOf(context, path), content);
        return answer.StatusCode;
    }

    protected async Task<HttpStatusCode> DeleteAsync(string context, string path)
    {
        using var answer = await Api.Client.DeleteAsync(PathOf(context, path));
        return answer.StatusCode;
    }

    protected static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
        return document.RootElement.Clone();
    }
}

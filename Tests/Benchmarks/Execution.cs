using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Benchmarks;

/// <summary><c>POST /execute</c> as the benchmarks need it: an answer that is not the expected one is a failed run.</summary>
internal static class Execution
{
    private static readonly Uri Execute = new("/execute", UriKind.Relative);

    /// <summary>Runs code whose value has this text, in a new context when there is no id. Returns the context's id.</summary>
    public static async Task<string> RunAsync(HttpClient client, Language language, string code, string text, string? contextId = null)
    {
        var request = new Dictionary<string, string> { ["code"] = code, ["language"] = language.ToString() };
        if (contextId is not null)
            request["context_id"] = contextId;
        using var answer = await client.PostAsJsonAsync(Execute, request);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        var isExpected = answer.StatusCode == HttpStatusCode.OK
            && body.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("text").GetString()).LastOrDefault() == text;
        return isExpected
            ? body.GetProperty("context_id").GetString()!
            : throw new InvalidOperationException($"An execution failed: {(int)answer.StatusCode} {body.GetRawText()}");
    }

    /// <summary>Deletes a context that is there.</summary>
    public static async Task DeleteAsync(HttpClient client, string contextId)
    {
        using var answer = await client.DeleteAsync(new Uri($"/contexts/{contextId}", UriKind.Relative));
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>
    /// Runs a body whose value is 2. Blocking: a client with a pool of threads that look for work takes the processor from the
    /// service beside it.
    /// </summary>
    public static void Post(HttpClient client, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Execute) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        using var answer = client.Send(request);
        using var reader = new StreamReader(answer.Content.ReadAsStream());
        var text = reader.ReadToEnd();
        if (answer.StatusCode != HttpStatusCode.OK || !text.Contains("\"text\":\"2\"", StringComparison.Ordinal))
            throw new InvalidOperationException($"An execution failed: {text}");
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>An answer of the Api, taken apart.</summary>
public sealed record Answer(HttpStatusCode Status, JsonElement Body, HttpResponseHeaders Headers)
{
    public string ContextId => Body.GetProperty("context_id").GetString()!;

    public string? State => Header("Context-State");

    public string? Incarnation => Header("Context-Incarnation");

    public IReadOnlyList<JsonElement> Items => Body.TryGetProperty("items", out var items) ? [.. items.EnumerateArray()] : [];

    public IReadOnlyList<string> Stdout => Lines("stdout");

    public IReadOnlyList<string> Stderr => Lines("stderr");

    public int Count => Body.GetProperty("execution_count").GetInt32();

    /// <summary>The text of the trailing expression's value; null when there is none.</summary>
    public string? Text => Items.Where(item => item.GetProperty("is_primary").GetBoolean())
        .Select(item => item.GetProperty("text").GetString()).SingleOrDefault();

    public string? ErrorName => Error("name");

    public string? ErrorValue => Error("value");

    public string? Traceback => Error("traceback");

    /// <summary>The faults of a 400 as <c>field: error</c>.</summary>
    public IReadOnlyList<string> Faults => [.. Body.GetProperty("errors").EnumerateArray()
        .Select(fault => $"{fault.GetProperty("field").GetString()}: {fault.GetProperty("error").GetString()}")];

    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? values.Single() : null;

    /// <summary>Everything, for the message of a failed assertion.</summary>
    public override string ToString() => $"{(int)Status} {State} {Body.GetRawText()}";

    private string? Error(string member) =>
        Body.TryGetProperty("error", out var error) && error.TryGetProperty(member, out var value) ? value.GetString() : null;

    private List<string> Lines(string stream) =>
        [.. Body.GetProperty("logs").GetProperty(stream).EnumerateArray().Select(line => line.GetString()!)];
}

/// <summary>Calls to the Api as a client would write them.</summary>
public static class ApiCalls
{
    private static readonly Uri Execute = new("/execute", UriKind.Relative);

    /// <summary><c>POST /execute</c> with a body of any shape.</summary>
    public static async Task<Answer> PostAsync(this HttpClient client, HttpContent content, CancellationToken cancellationToken = default)
    {
        using var answer = await client.PostAsync(Execute, content, cancellationToken);
        var bytes = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 512 });
        OpenApiContract.AssertAnswer("post /execute", answer, document.RootElement);
        return new Answer(answer.StatusCode, document.RootElement.Clone(), answer.Headers);
    }

    /// <summary><c>POST /execute</c> with JSON text.</summary>
    public static Task<Answer> PostJsonAsync(this HttpClient client, string json, CancellationToken cancellationToken = default) =>
        client.PostAsync(new StringContent(json, Encoding.UTF8, "application/json"), cancellationToken);

    /// <summary><c>POST /execute</c>; null arguments stay out of the body.</summary>
    public static Task<Answer> ExecuteAsync(
        this HttpClient client,
        string code,
        string? language = null,
        string? contextId = null,
        int? timeoutMs = null,
        IReadOnlyDictionary<string, string>? environment = null,
        CancellationToken cancellationToken = default)
    {
        var body = new Dictionary<string, object> { ["code"] = code };
        if (language is not null)
            body["language"] = language;
        if (contextId is not null)
            body["context_id"] = contextId;
        if (timeoutMs is { } timeout)
            body["timeout_ms"] = timeout;
        if (environment is not null)
            body["env_vars"] = environment;
        return client.PostJsonAsync(JsonSerializer.Serialize(body), cancellationToken);
    }
}

using System.Net;
using System.Text;
using System.Text.Json;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>A server-sent event, or a comment.</summary>
/// <param name="Id">Its id; null without one.</param>
/// <param name="Name">Its name; <c>:</c> for a comment.</param>
/// <param name="Data">Its data.</param>
public sealed record StreamEvent(long? Id, string Name, JsonElement Data)
{
    public const string Comment = ":";

    public string? Text => Data.GetProperty("text").GetString();

    public override string ToString() => Name == Comment ? Name : $"{Id} {Name} {Data.GetRawText()}";
}

/// <summary>An answer that is a stream of events, read as it comes.</summary>
public sealed class EventStream : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly HttpResponseMessage _answer;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage answer, StreamReader reader)
    {
        _answer = answer;
        _reader = reader;
    }

    /// <summary>Sends the request and checks that the answer is a stream.</summary>
    public static async Task<EventStream> OpenAsync(HttpClient client, HttpRequestMessage request)
    {
        using var bound = new CancellationTokenSource(Bound);
        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, bound.Token);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        return new EventStream(answer, new StreamReader(await answer.Content.ReadAsStreamAsync(bound.Token), new UTF8Encoding(false, true)));
    }

    /// <summary><c>POST /execute</c> with <c>Accept: text/event-stream</c>.</summary>
    public static Task<EventStream> ExecuteAsync(HttpClient client, string code, string? language = null, string? contextId = null, int? timeoutMs = null) =>
        OpenAsync(client, Request(code, language, contextId, timeoutMs));

    public static HttpRequestMessage Request(string code, string? language = null, string? contextId = null, int? timeoutMs = null)
    {
        var body = new Dictionary<string, object?> { ["code"] = code, ["language"] = language, ["context_id"] = contextId, ["timeout_ms"] = timeoutMs };
        var request = new HttpRequestMessage(HttpMethod.Post, "/execute")
        {
            Content = new StringContent(
                JsonSerializer.Serialize(body.Where(member => member.Value is not null).ToDictionary()), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Accept", "text/event-stream");
        return request;
    }

    public string? Header(string name) => _answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    /// <summary>The next event; null at the end of the stream.</summary>
    public async Task<StreamEvent?> NextAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        (long? id, var name, string? data, var isComment) = (null, "message", null, false);
        while (await _reader.ReadLineAsync(bound.Token) is { } line)
        {
            if (line.Length == 0)
                return isComment ? new StreamEvent(null, StreamEvent.Comment, default) : new StreamEvent(id, name, JsonElement.Parse(data!));
            var (field, value) = line.Split(':', 2) is [var left, var right] ? (left, right.TrimStart(' ')) : (line, "");
            switch (field)
            {
                case "":
                    isComment = true;
                    break;
                case "id":
                    id = long.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
                    break;
                case "event":
                    name = value;
                    break;
                case "data":
                    data = value;
                    break;
                default:
                    Assert.Fail($"No field of an event: {line}");
                    break;
            }
        }
        return null;
    }

    /// <summary>What comes until the stream closes.</summary>
    public async Task<List<StreamEvent>> RestAsync()
    {
        var all = new List<StreamEvent>();
        while (await NextAsync() is { } next)
            all.Add(next);
        return all;
    }

    /// <summary>Closing it before its end is leaving.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _answer.Dispose();
    }
}

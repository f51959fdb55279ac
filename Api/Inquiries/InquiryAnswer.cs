using System.Text.Json;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;

namespace Sandbox.Cluster.Api.Inquiries;

/// <summary><c>{matches, cursor_start, cursor_end}</c> or <c>{found, data}</c>, in the words of Jupyter's protocol.</summary>
internal sealed class InquiryAnswer(InquiryReply reply) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "application/json; charset=utf-8";
        await using (var json = new Utf8JsonWriter(response.BodyWriter, ApiJson.Writer))
            Write(json);
        await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        switch (reply)
        {
            case Completions completions:
                json.WriteStartArray("matches"u8);
                foreach (var match in completions.Matches)
                    json.WriteStringValue(match);
                json.WriteEndArray();
                json.WriteNumber("cursor_start"u8, completions.CursorStart);
                json.WriteNumber("cursor_end"u8, completions.CursorEnd);
                break;
            case Inspection inspection:
                json.WriteBoolean("found"u8, inspection.Found);
                json.WriteStartObject("data"u8);
                foreach (var (type, text) in inspection.Data)
                    json.WriteString(type, text);
                json.WriteEndObject();
                break;
            default:
                throw new InvalidOperationException($"A context answered with {reply.GetType().Name}.");
        }
        json.WriteEndObject();
    }
}

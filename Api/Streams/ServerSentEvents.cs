using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sandbox.Cluster.Api.Json;

namespace Sandbox.Cluster.Api.Streams;

/// <summary>An answer of server-sent events, as the HTML standard has them. What is written goes out with the next flush.</summary>
internal sealed class ServerSentEvents(HttpResponse response)
{
    public const string MediaType = "text/event-stream";

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);
    private readonly ArrayBufferWriter<byte> _data = new();

    /// <summary>Whether the client would rather have events than JSON; of two that it likes as well, the one it names first.</summary>
    public static bool AreWanted(HttpRequest http) => http.GetTypedHeaders().Accept
        .Where(type => type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase)
            || type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        .OrderByDescending(type => type.Quality ?? 1)
        .FirstOrDefault() is { Quality: not 0 } first && first.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase);

    /// <summary>Decides on the status and the headers.</summary>
    public void Begin()
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        // Proxies of the nginx kind gather an answer otherwise.
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // Who takes little because little happens is not slow; who takes nothing is given up by whoever flushes.
        if (response.HttpContext.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    /// <summary>An event.</summary>
    /// <param name="id">Its sequence number; null for none.</param>
    /// <param name="name">Its name; null for none.</param>
    /// <param name="write">Writes its data.</param>
    public void Write(long? id, string? name, Action<Utf8JsonWriter> write)
    {
        _data.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_data, ApiJson.Writer))
            write(json);
        if (id is { } sequence)
            WriteText(string.Create(CultureInfo.InvariantCulture, $"id: {sequence}\n"));
        if (name is not null)
            WriteText($"event: {name}\n");
        WriteText("data: ");
        WriteOnOneLine(_data.WrittenSpan);
        WriteText("\n\n");
    }

    /// <summary>Shows whoever is on the way that the stream lives.</summary>
    public void WriteComment() => WriteText(":\n\n");

    /// <summary>Code may give JSON with line ends between its tokens, where a blank does as well; inside of strings there are none.</summary>
    private void WriteOnOneLine(ReadOnlySpan<byte> json)
    {
        for (int end; (end = json.IndexOfAny(LineEnds)) >= 0; json = json[(end + 1)..])
        {
            response.BodyWriter.Write(json[..end]);
            response.BodyWriter.Write(" "u8);
        }
        response.BodyWriter.Write(json);
    }

    private void WriteText(string ascii) => Encoding.ASCII.GetBytes(ascii, response.BodyWriter);
}

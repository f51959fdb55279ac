using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Net.Http.Headers;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>Reads a request's body as a whole, within a bound.</summary>
internal static class RequestBody
{
    /// <summary>Whether it is JSON in UTF-8, not compressed, as its headers have it.</summary>
    public static bool IsJson(HttpRequest http) =>
        MediaTypeHeaderValue.TryParse(http.ContentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        && http.Headers.ContentEncoding.All(encoding => string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Reads to the end, or no further than it takes to know that the body is too large: not at all when its length was
    /// announced. The server then closes the connection, and takes what is still on its way for a few seconds, so that the
    /// client gets to see the answer.
    /// </summary>
    public static async Task<(RequestBodyEnd End, ReadOnlyMemory<byte> Content)> ReadAsync(HttpRequest http, int maxBytes)
    {
        if (http.ContentLength > maxBytes)
            return TooLarge(http);
        try
        {
            while (true)
            {
                // Not cancelled when the client leaves: the read itself ends then, and a cancelled one would still be in
                // progress when the server wants to go on reading.
                var read = await http.BodyReader.ReadAsync(CancellationToken.None);
                if (read.Buffer.Length > maxBytes)
                {
                    http.BodyReader.AdvanceTo(read.Buffer.End);
                    return TooLarge(http);
                }
                if (read.IsCompleted)
                {
                    var content = read.Buffer.ToArray();
                    http.BodyReader.AdvanceTo(read.Buffer.End);
                    return (RequestBodyEnd.Complete, content);
                }
                http.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (BadHttpRequestException)
        {
            EndConnection(http);
            throw;
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException or OperationCanceledException)
        {
            EndConnection(http);
            http.HttpContext.Abort();
            return (RequestBodyEnd.ClientGone, default);
        }
    }

    /// <summary>After the answer the server would go on reading what it could not read, and call that a fault.</summary>
    private static void EndConnection(HttpRequest http) =>
        http.HttpContext.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();

    private static (RequestBodyEnd End, ReadOnlyMemory<byte> Content) TooLarge(HttpRequest http)
    {
        http.HttpContext.Response.Headers.Connection = "close";
        return (RequestBodyEnd.TooLarge, default);
    }
}

/// <summary>How the reading of a body ended.</summary>
internal enum RequestBodyEnd
{
    /// <summary>All of it is here.</summary>
    Complete,

    /// <summary>It is larger than it may be.</summary>
    TooLarge,

    /// <summary>The client is gone; nobody takes an answer.</summary>
    ClientGone,
}

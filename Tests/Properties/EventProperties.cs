using System.Text;
using System.Text.Json;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Sandbox.Cluster.Api.Streams;

namespace Sandbox.Cluster.Tests.Properties;

/// <summary>Server-sent events carry any text, whatever it holds of their own syntax.</summary>
public sealed class EventProperties
{
    [Fact]
    public void AnyText_SurvivesAStream() => Property.Holds(
        Property.From(Inputs.Text.ArrayOf()),
        texts =>
        {
            var http = new DefaultHttpContext();
            using var body = new MemoryStream();
            http.Response.Body = body;
            var stream = new ServerSentEvents(http.Response);
            foreach (var text in texts)
            {
                stream.Write(1, "stdout", json => json.WriteStringValue(text));
                stream.WriteComment();
            }
            http.Response.BodyWriter.FlushAsync().AsTask().GetAwaiter().GetResult();
            Assert.Equal(texts, Read(Encoding.UTF8.GetString(body.ToArray())));
        });

    /// <summary>As the HTML standard reads a stream: lines end with CR LF, LF or CR, events with an empty line.</summary>
    private static List<string> Read(string stream)
    {
        var seen = new List<string>();
        var data = new List<string>();
        foreach (var line in stream.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r'))
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data.Add(line["data: ".Length..]);
            }
            else if (line.Length == 0 && data.Count > 0)
            {
                seen.Add(JsonSerializer.Deserialize<string>(string.Join('\n', data))!);
                data.Clear();
            }
        }
        return seen;
    }
}

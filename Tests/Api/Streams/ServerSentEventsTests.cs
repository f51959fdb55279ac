using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Cluster.Api.Streams;

namespace Sandbox.Cluster.Tests.Api.Streams;

public class ServerSentEventsTests
{
    [Fact]
    public async Task Write_OfJsonWithLineEndsBetweenItsTokens_IsOneLineOfData()
    {
        var http = new DefaultHttpContext();
        using var body = new MemoryStream();
        http.Response.Body = body;
        var stream = new ServerSentEvents(http.Response);
        stream.Write(7, "item", json => json.WriteRawValue("{\r\n\"a\":\n\"x\\r\\ny\"}"));
        stream.WriteComment();
        stream.Write(null, null, json => json.WriteRawValue("1"));
        await http.Response.BodyWriter.FlushAsync();
        Assert.Equal("id: 7\nevent: item\ndata: {  \"a\": \"x\\r\\ny\"}\n\n:\n\ndata: 1\n\n", Encoding.UTF8.GetString(body.ToArray()));
    }
}

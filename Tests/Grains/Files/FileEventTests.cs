using System.Buffers;
using System.Text.Json.Nodes;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Grains.Interpreters.Protocol;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Files;

/// <summary>The conversation about files, against the cases that all languages share.</summary>
public class FileEventTests
{
    private const string File = "files.json";

    public static TheoryData<string> Events => Fixtures.Names(File);

    public static TheoryData<string> Requests =>
        [.. Fixtures.Read(File).GetProperty("requests").EnumerateArray().Select(request => request.GetProperty("name").GetString()!)];

    [Theory, MemberData(nameof(Events))]
    public void Read_AcceptsWhatTheFixtureAccepts(string name)
    {
        var fixture = Fixtures.Case(File, name);
        var fault = Record.Exception(() => FileEvent.Read(fixture.GetProperty("frame")));
        if (fixture.GetProperty("accepted").GetBoolean())
            Assert.Null(fault);
        else
            Assert.IsType<ProtocolException>(fault);
    }

    [Theory, MemberData(nameof(Requests))]
    public void Write_WritesTheFixture(string name)
    {
        var fixture = Fixtures.Read(File).GetProperty("requests").EnumerateArray().Single(request => request.GetProperty("name").GetString() == name);
        var expected = fixture.GetProperty("frame");
        var path = fixture.TryGetProperty("path_hex", out var hex) ? Convert.FromHexString(hex.GetString()!) : [];
        var bytes = expected.GetProperty("op").GetString() switch
        {
            "read" => FileRequests.Read(path),
            "write" => FileRequests.Write(path, expected.TryGetProperty("size", out var size) ? size.GetInt64() : null),
            "delete" => FileRequests.Delete(path),
            "send" => FileRequests.Send(expected.GetProperty("offset").GetInt64(), expected.GetProperty("length").GetInt32()),
            _ => FileRequests.Next(),
        };
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.True(Frame.TryRead(ref buffer, out var frame));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected.GetRawText()), JsonNode.Parse(frame.RootElement.GetRawText())));
    }
}

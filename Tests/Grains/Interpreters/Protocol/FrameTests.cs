using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.Cluster.Grains.Interpreters.Protocol;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Interpreters.Protocol;

public class FrameTests
{
    private const string File = "frames.json";

    public static TheoryData<string> Cases => Fixtures.Names(File);

    [Fact]
    public void TheLimitIsThatOfTheFixtures() =>
        Assert.Equal(Frame.MaxBodyBytes, Fixtures.Read(File).GetProperty("max_body_bytes").GetInt32());

    [Theory, MemberData(nameof(Cases))]
    public void TryRead_ReadsWhatTheFixtureSays(string name)
    {
        var @case = Fixtures.Case(File, name);
        var buffer = new ReadOnlySequence<byte>(Convert.FromHexString(@case.GetProperty("hex").GetString()!));
        Check(@case, ref buffer);
    }

    [Theory, MemberData(nameof(Cases))]
    public void TryRead_ReadsTheSameWhenEveryByteComesAlone(string name)
    {
        var @case = Fixtures.Case(File, name);
        var buffer = Segments.OneByteEach(Convert.FromHexString(@case.GetProperty("hex").GetString()!));
        Check(@case, ref buffer);
    }

    [Fact]
    public void TryRead_ReadsTextLargerThanOneSegment()
    {
        var text = string.Concat(Enumerable.Repeat("é€😀", 50_000));
        var buffer = Segments.Of(Frame.Write(json => json.WriteString("a", text)), size: 4096);

        Assert.True(Frame.TryRead(ref buffer, out var frame));
        Assert.Equal(text, frame.RootElement.GetProperty("a").GetString());
        Assert.True(buffer.IsEmpty);
    }

    private static void Check(JsonElement @case, ref ReadOnlySequence<byte> buffer)
    {
        var frames = new List<JsonNode?>();
        var refused = false;
        try
        {
            while (Frame.TryRead(ref buffer, out var frame))
                frames.Add(JsonNode.Parse(frame.RootElement.GetRawText()));
        }
        catch (ProtocolException)
        {
            refused = true;
        }

        Assert.Equal(@case.TryGetProperty("fault", out _), refused);
        var expected = @case.GetProperty("frames").EnumerateArray().Select(f => JsonNode.Parse(f.GetRawText())).ToList();
        Assert.Equal(expected.Count, frames.Count);
        Assert.All(expected.Zip(frames), pair => Assert.True(JsonNode.DeepEquals(pair.First, pair.Second)));
        if (@case.TryGetProperty("left", out var left))
            Assert.Equal(left.GetInt64(), buffer.Length);
    }
}

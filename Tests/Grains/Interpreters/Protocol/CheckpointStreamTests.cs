using System.Text;
using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Tests.Grains.Interpreters.Protocol;

public class CheckpointStreamTests
{
    private const string Header = """{"checkpoint": 1, "language": "python", "runtime": {}}""";
    private const string Trailer = """{"complete": true, "lost": [], "lost_count": 2, "pause_ms": 3.5}""";

    [Fact]
    public async Task Copy_OfAWholeOne_CopiesEveryByte_AndReadsItsEnd()
    {
        var stream = Checkpoint(Header, Trailer);
        using var destination = new MemoryStream();

        var trailer = await CheckpointStream.CopyAsync(new MemoryStream(stream), destination, stream.Length, CancellationToken.None);

        Assert.Equal((2, 3.5), (trailer!.LostCount, trailer.PauseMilliseconds));
        Assert.Equal(stream, destination.ToArray());
    }

    [Fact]
    public async Task Copy_OfNothing_IsARefusal() => Assert.Null(await CopyAsync([]));

    [Fact]
    public async Task Copy_OfOneThatIsTooLarge_Fails()
    {
        var stream = Checkpoint(Header, Trailer);
        await Assert.ThrowsAsync<ProtocolException>(() => CopyAsync(stream, stream.Length - 1));
    }

    [Fact]
    public async Task Copy_OfAPart_Fails()
    {
        var stream = Checkpoint(Header, Trailer);
        for (var length = 1; length < stream.Length; length++)
            await Assert.ThrowsAsync<ProtocolException>(() => CopyAsync(stream[..length]));
    }

    [Fact]
    public async Task Copy_OfOneWithSomethingBehindIt_Fails() =>
        await Assert.ThrowsAsync<ProtocolException>(() => CopyAsync([.. Checkpoint(Header, Trailer), 0]));

    [Theory]
    [InlineData("""{"checkpoint": "1"}""")]
    [InlineData("""{"language": "python"}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public async Task Copy_OfOneThatDoesNotBeginAsOne_Fails(string header) =>
        await Assert.ThrowsAsync<ProtocolException>(() => CopyAsync(Checkpoint(header, Trailer)));

    [Theory]
    [InlineData("""{"complete": false, "lost_count": 2, "pause_ms": 3.5}""")]
    [InlineData("""{"complete": "true", "lost_count": 2, "pause_ms": 3.5}""")]
    [InlineData("""{"lost_count": 2, "pause_ms": 3.5}""")]
    [InlineData("""{"complete": true, "pause_ms": 3.5}""")]
    [InlineData("""{"complete": true, "lost_count": "2", "pause_ms": 3.5}""")]
    [InlineData("""{"complete": true, "lost_count": -1, "pause_ms": 3.5}""")]
    [InlineData("""{"complete": true, "lost_count": 2.5, "pause_ms": 3.5}""")]
    [InlineData("""{"complete": true, "lost_count": 1e300, "pause_ms": 3.5}""")]
    [InlineData("""{"complete": true, "lost_count": 2}""")]
    [InlineData("""{"complete": true, "lost_count": 2, "pause_ms": null}""")]
    [InlineData("""{"complete": true, "lost_count": 2, "pause_ms": {}}""")]
    [InlineData("""{"complete": true, "lost_count": 2, "pause_ms": -1}""")]
    [InlineData("""{"complete": true, "lost_count": 2, "pause_ms": 1e999}""")]
    [InlineData("3")]
    public async Task Copy_OfOneThatDoesNotEndAsOne_Fails(string trailer) =>
        await Assert.ThrowsAsync<ProtocolException>(() => CopyAsync(Checkpoint(Header, trailer)));

    private static async Task<object?> CopyAsync(byte[] stream, long? maxBytes = null) =>
        await CheckpointStream.CopyAsync(new MemoryStream(stream), Stream.Null, maxBytes ?? long.MaxValue, CancellationToken.None);

    /// <summary>Two sections of one chunk each between them.</summary>
    private static byte[] Checkpoint(string header, string trailer) =>
        [.. Piece(header), .. Piece("files"), .. Piece(""), .. Piece("heap"), .. Piece(""), .. Piece(trailer)];

    private static byte[] Piece(string text) => [.. BitConverter.GetBytes(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];
}

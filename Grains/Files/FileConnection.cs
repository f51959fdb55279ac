using System.Buffers;
using System.Buffers.Binary;
using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Grains.Files;

/// <summary>
/// The host's end of one operation on files: asks, and is answered, in turn. Owns the stream. Whatever the other end says is
/// tenant input, and how long it may take has a bound.
/// </summary>
internal sealed class FileConnection(Stream stream) : IAsyncDisposable
{
    /// <summary>Below the time that a caller waits for its grain call.</summary>
    private static readonly TimeSpan AnswerBound = TimeSpan.FromSeconds(8);

    private const int MaxAnswerBytes = 1 << 20;

    /// <summary>Sends a request and reads the answer to it.</summary>
    /// <exception cref="ProtocolException">The answer is none of the protocol.</exception>
    /// <exception cref="IOException">The other end is gone.</exception>
    /// <exception cref="TimeoutException">It did not answer in time.</exception>
    public Task<FileEvent> AskAsync(byte[] request, CancellationToken cancellationToken) => BoundAsync(async token =>
    {
        await stream.WriteAsync(request, token);
        return await ReadEventAsync(token);
    }, cancellationToken);

    /// <summary>Sends a chunk, of which an empty one is the last, and reads the answer to it.</summary>
    public Task<FileEvent> SendAsync(byte[] bytes, CancellationToken cancellationToken) => BoundAsync(async token =>
    {
        await stream.WriteAsync(Header(bytes.Length), token);
        // Who has read that nothing more comes has answered and gone, perhaps before an empty write would reach it.
        if (bytes.Length > 0)
            await stream.WriteAsync(bytes, token);
        return await ReadEventAsync(token);
    }, cancellationToken);

    /// <summary>Asks for a part of the file; fewer bytes come only where it ends.</summary>
    public Task<byte[]> ReceiveAsync(long offset, int length, CancellationToken cancellationToken) => BoundAsync(async token =>
    {
        await stream.WriteAsync(FileRequests.Send(offset, length), token);
        var received = await ReadLengthAsync(token);
        if (received > length)
            throw new ProtocolException("More of a file comes than was asked for.");
        var bytes = new byte[received];
        await stream.ReadExactlyAsync(bytes, token);
        return bytes;
    }, cancellationToken);

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private static async Task<T> BoundAsync<T>(Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(AnswerBound);
        try
        {
            return await action(bound.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The files were not served in time.", e);
        }
    }

    private async Task<FileEvent> ReadEventAsync(CancellationToken cancellationToken)
    {
        var length = await ReadLengthAsync(cancellationToken);
        if (length is 0 or > MaxAnswerBytes)
            throw new ProtocolException("A frame's length is out of range.");
        var bytes = new byte[Frame.HeaderBytes + length];
        Header((int)length).CopyTo(bytes, 0);
        await stream.ReadExactlyAsync(bytes.AsMemory(Frame.HeaderBytes), cancellationToken);
        var buffer = new ReadOnlySequence<byte>(bytes);
        Frame.TryRead(ref buffer, out var frame);
        using (frame)
            return FileEvent.Read(frame.RootElement);
    }

    private async Task<uint> ReadLengthAsync(CancellationToken cancellationToken)
    {
        var header = new byte[Frame.HeaderBytes];
        await stream.ReadExactlyAsync(header, cancellationToken);
        return BinaryPrimitives.ReadUInt32LittleEndian(header);
    }

    private static byte[] Header(int length)
    {
        var header = new byte[Frame.HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        return header;
    }
}

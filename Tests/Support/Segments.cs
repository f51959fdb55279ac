using System.Buffers;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>Byte sequences cut as a socket might cut them.</summary>
internal static class Segments
{
    public static ReadOnlySequence<byte> OneByteEach(byte[] bytes) => Of(bytes, 1);

    public static ReadOnlySequence<byte> Of(byte[] bytes, int size)
    {
        if (bytes.Length == 0)
            return ReadOnlySequence<byte>.Empty;
        Segment? first = null;
        Segment? last = null;
        foreach (var chunk in bytes.Chunk(size))
        {
            last = new Segment(chunk, last);
            first ??= last;
        }
        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? previous)
        {
            Memory = bytes;
            if (previous is null)
                return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace Sandbox.Cluster.Grains.Interpreters.Protocol;

/// <summary>The frames of <c>drivers/PROTOCOL.md</c>: a 32-bit little-endian length, then one JSON object in UTF-8.</summary>
internal static class Frame
{
    /// <summary>The largest body.</summary>
    public const int MaxBodyBytes = 32 << 20;

    /// <summary>The length prefix.</summary>
    public const int HeaderBytes = 4;

    // A driver is told to stay below 200 levels; the frame adds two of its own.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 256 };

    /// <summary>Takes one whole frame off the buffer's front; false when there is none yet.</summary>
    /// <exception cref="ProtocolException">The length or the body is not of the protocol.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, out JsonDocument document)
    {
        document = null!;
        if (buffer.Length < HeaderBytes)
            return false;

        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length is 0 or > MaxBodyBytes)
            throw new ProtocolException("A frame's length is out of range.");
        if (buffer.Length < HeaderBytes + length)
            return false;

        document = Parse(buffer.Slice(HeaderBytes, length));
        buffer = buffer.Slice(HeaderBytes + length);
        return true;
    }

    /// <summary>Writes one frame.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> writeMembers)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        buffer.Advance(WriteHeader(buffer.GetSpan(HeaderBytes), 0));
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writeMembers(writer);
            writer.WriteEndObject();
        }
        var frame = buffer.WrittenSpan.ToArray();
        WriteHeader(frame, frame.Length - HeaderBytes);
        return frame;
    }

    private static int WriteHeader(Span<byte> target, int length)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, length);
        return HeaderBytes;
    }

    private static JsonDocument Parse(ReadOnlySequence<byte> body)
    {
        ReadOnlyMemory<byte> bytes = body.IsSingleSegment ? body.First : body.ToArray();
        // The JSON reader takes the bytes inside a string on trust until somebody reads it.
        if (!Utf8.IsValid(bytes.Span))
            throw new ProtocolException("A frame is not UTF-8.");
        try
        {
            var document = JsonDocument.Parse(bytes, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
        }
        catch (JsonException e)
        {
            throw new ProtocolException("A frame is not JSON.", e);
        }
        throw new ProtocolException("A frame is not a JSON object.");
    }
}

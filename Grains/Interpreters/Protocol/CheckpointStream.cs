using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text.Json;

namespace Sandbox.Cluster.Grains.Interpreters.Protocol;

/// <summary>
/// The stream of a checkpoint as <c>drivers/PROTOCOL.md</c> has it. It is tenant input: frames and lengths are checked, the numbers
/// of the trailer are read, and nothing else is looked into.
/// </summary>
internal static class CheckpointStream
{
    private const int MaxChunkBytes = 1 << 20;
    private const int MaxFrameBytes = 1 << 20;
    private const int Sections = 2;

    /// <summary>Copies a whole checkpoint, from its first byte to its end.</summary>
    /// <param name="source">Where it comes from.</param>
    /// <param name="destination">Gets every byte, also of one that turns out to be none.</param>
    /// <param name="maxBytes">Of the whole.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>Its last frame; null when there was not a single byte, which is a refusal.</returns>
    /// <exception cref="ProtocolException">It is no whole checkpoint, or too large.</exception>
    public static async Task<CheckpointTrailer?> CopyAsync(Stream source, Stream destination, long maxBytes, CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(source, new StreamPipeReaderOptions(leaveOpen: true, bufferSize: 1 << 16));
        var copy = new Copy(reader, destination, maxBytes, cancellationToken);
        try
        {
            if (await copy.FrameAsync(mayBeAbsent: true) is not { } header)
                return null;
            if (!header.TryGetProperty("checkpoint", out var format) || format.ValueKind != JsonValueKind.Number)
                throw new ProtocolException("A checkpoint does not begin as one.");
            for (var section = 0; section < Sections; section++)
            {
                while (await copy.ChunkAsync())
                {
                    // To the empty one, which ends the section.
                }
            }
            var trailer = ReadTrailer(await copy.FrameAsync(mayBeAbsent: false) ?? default);
            await copy.EndAsync();
            return trailer;
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static CheckpointTrailer ReadTrailer(JsonElement frame) =>
        frame.TryGetProperty("complete", out var complete) && complete.ValueKind == JsonValueKind.True
        && Number(frame, "lost_count") is { } lost && lost.TryGetInt32(out var lostCount) && lostCount >= 0
        && Number(frame, "pause_ms") is { } pause && pause.TryGetDouble(out var milliseconds) && milliseconds >= 0 && double.IsFinite(milliseconds)
            ? new CheckpointTrailer(lostCount, milliseconds)
            : throw new ProtocolException("A checkpoint does not end as one.");

    private static JsonElement? Number(JsonElement frame, string name) =>
        frame.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number ? member : null;

    private sealed class Copy(PipeReader reader, Stream destination, long maxBytes, CancellationToken cancellationToken)
    {
        private long _left = maxBytes;

        public async Task<JsonElement?> FrameAsync(bool mayBeAbsent)
        {
            if (await LengthAsync(mayBeAbsent) is not { } length)
                return null;
            if (length is 0 or > MaxFrameBytes)
                throw new ProtocolException("A frame of a checkpoint has no length that it may have.");
            var body = new byte[length];
            (await TakeAsync((int)length)).CopyTo(body);
            await WriteAsync(body);
            reader.AdvanceTo(_taken);
            try
            {
                using var document = JsonDocument.Parse(body);
                return document.RootElement.ValueKind == JsonValueKind.Object
                    ? document.RootElement.Clone()
                    : throw new ProtocolException("A frame of a checkpoint is no object.");
            }
            catch (JsonException e)
            {
                throw new ProtocolException("A frame of a checkpoint is not JSON.", e);
            }
        }

        /// <summary>False for the empty chunk.</summary>
        public async Task<bool> ChunkAsync()
        {
            var length = await LengthAsync(mayBeAbsent: false) ?? 0;
            if (length > MaxChunkBytes)
                throw new ProtocolException("A chunk of a checkpoint is too long.");
            if (length == 0)
                return false;
            foreach (var part in await TakeAsync((int)length))
                await WriteAsync(part);
            reader.AdvanceTo(_taken);
            return true;
        }

        public async Task EndAsync()
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (!read.Buffer.IsEmpty || !read.IsCompleted)
                throw new ProtocolException("There is something behind a checkpoint.");
        }

        private SequencePosition _taken;

        private async Task<uint?> LengthAsync(bool mayBeAbsent)
        {
            if (mayBeAbsent)
            {
                var read = await reader.ReadAsync(cancellationToken);
                if (read.Buffer.IsEmpty && read.IsCompleted)
                    return null;
                reader.AdvanceTo(read.Buffer.Start);
            }
            var header = new byte[Frame.HeaderBytes];
            (await TakeAsync(Frame.HeaderBytes)).CopyTo(header);
            await WriteAsync(header);
            reader.AdvanceTo(_taken);
            return BinaryPrimitives.ReadUInt32LittleEndian(header);
        }

        /// <summary>The next bytes; whoever has used them advances the reader.</summary>
        private async Task<ReadOnlySequence<byte>> TakeAsync(int count)
        {
            if ((_left -= count) < 0)
                throw new ProtocolException("A checkpoint is larger than what its context may use.");
            var read = await reader.ReadAtLeastAsync(count, cancellationToken);
            if (read.Buffer.Length < count)
                throw new ProtocolException("A checkpoint ends before its end.");
            var taken = read.Buffer.Slice(0, count);
            _taken = taken.End;
            return taken;
        }

        private ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => destination.WriteAsync(bytes, cancellationToken);
    }
}

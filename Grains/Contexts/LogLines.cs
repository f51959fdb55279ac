using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// One log stream of an execution, as the lines of the HTTP contract: without line ends, carriage returns kept, a last line
/// without an end counted, and what went over the limits said in one more line. Sizes are bytes of UTF-8.
/// </summary>
internal sealed class LogLines(int maxLineBytes, int maxStreamBytes)
{
    private readonly List<string> _lines = [];
    private readonly StringBuilder _line = new();
    private int _lineBytes;
    private int _streamBytes;
    private long _dropped;
    private bool _lineIsOpen;
    private bool _lastEndWasDropped;

    /// <param name="text">What was printed.</param>
    /// <param name="kept">Gets what is kept of it.</param>
    public void Append(ReadOnlySpan<char> text, StringBuilder? kept = null)
    {
        while (!text.IsEmpty)
        {
            var end = text.IndexOf('\n');
            AppendToLine(end < 0 ? text : text[..end], kept);
            if (end < 0)
                return;
            EndLine(kept);
            text = text[(end + 1)..];
        }
    }

    /// <summary>Counts bytes that were dropped before they came here.</summary>
    public void Drop(long bytes) => _dropped += bytes;

    /// <summary>The notice that stands where output was cut.</summary>
    public static string Notice(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"[output truncated: {bytes} bytes dropped]");

    /// <summary>The lines so far; the stream is not used any more afterwards.</summary>
    /// <param name="kept">Gets the notice, when there is one, on a line of its own.</param>
    public IReadOnlyList<string> ToLines(StringBuilder? kept = null)
    {
        if (_dropped > 0)
            kept?.Append(_lineIsOpen || _lastEndWasDropped ? "\n" : "").Append(Notice(_dropped)).Append('\n');
        if (_lineIsOpen)
            CloseLine();
        if (_dropped > 0)
            _lines.Add(Notice(_dropped));
        return _lines;
    }

    private void AppendToLine(ReadOnlySpan<char> text, StringBuilder? kept)
    {
        if (text.IsEmpty)
            return;
        var bytes = Encoding.UTF8.GetByteCount(text);
        var (lineRoom, streamRoom) = (maxLineBytes - _lineBytes, maxStreamBytes - _streamBytes);
        var isCut = bytes > Math.Min(lineRoom, streamRoom);
        if (isCut)
        {
            text = Fitting(text, Math.Min(lineRoom, streamRoom), out var fitting);
            _dropped += bytes - fitting;
            bytes = fitting;
        }
        _line.Append(text);
        kept?.Append(text);
        _lineBytes += bytes;
        _streamBytes += bytes;
        _lineIsOpen |= bytes > 0;
        if (!isCut)
            return;
        // Behind what was cut nothing follows, however small it is: what is kept is a beginning, not a choice.
        if (lineRoom <= streamRoom)
            _lineBytes = maxLineBytes;
        else
            _streamBytes = maxStreamBytes;
    }

    private void EndLine(StringBuilder? kept)
    {
        if (_streamBytes < maxStreamBytes)
        {
            _streamBytes++;
            kept?.Append('\n');
            CloseLine();
            return;
        }
        _dropped++;
        if (!_lineIsOpen)
            return;
        _lastEndWasDropped = true;
        CloseLine();
    }

    private void CloseLine()
    {
        _lines.Add(_line.ToString());
        _line.Clear();
        _lineBytes = 0;
        _lineIsOpen = false;
    }

    /// <summary>The longest prefix of whole characters that fits.</summary>
    private static ReadOnlySpan<char> Fitting(ReadOnlySpan<char> text, int room, out int bytes)
    {
        bytes = 0;
        var length = 0;
        while (length < text.Length)
        {
            if (Rune.DecodeFromUtf16(text[length..], out var rune, out var consumed) != OperationStatus.Done)
                rune = Rune.ReplacementChar;
            if (bytes + rune.Utf8SequenceLength > room)
                break;
            bytes += rune.Utf8SequenceLength;
            length += consumed;
        }
        return text[..length];
    }
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck.Fluent;
using Sandbox.Cluster.Grains.Contexts;

namespace Sandbox.Cluster.Tests.Properties;

/// <summary>Log lines: however the output came, the same lines, and nothing is gone that is not counted.</summary>
public sealed partial class LogLineProperties
{
    private const int Unlimited = 1 << 20;

    [Fact]
    public void Lines_AreThoseOfTheWholeText_HoweverItCame() => Property.Holds(
        Property.From(Inputs.Chunks),
        chunks =>
        {
            var text = string.Concat(chunks);
            var expected = text.Split('\n').ToList();
            if (expected[^1].Length == 0)
                expected.RemoveAt(expected.Count - 1);
            Assert.Equal(expected, LinesOf(chunks, Unlimited, Unlimited).Lines);
        });

    /// <summary>The supervisor never cuts a character: limits are met at any place between two.</summary>
    [Fact]
    public void WhatIsCut_IsCounted_AndTheRestIsThere() => Property.Holds(
        Property.From(
            from text in Inputs.Text
            from size in Gen.Choose(1, 5)
            from line in Gen.Choose(1, 20)
            from stream in Gen.Choose(1, 60)
            select (text, size, line, stream)),
        one =>
        {
            var runes = one.text.EnumerateRunes().Chunk(one.size).Select(chunk => string.Concat(chunk.Select(rune => rune.ToString()))).ToArray();
            var (lines, kept) = LinesOf(runes, one.line, one.stream);
            var whole = LinesOf([one.text], one.line, one.stream);
            Assert.Equal(whole.Lines, lines);
            Assert.Equal(whole.Kept, kept);

            var dropped = 0L;
            if (lines.Count > 0 && Notice().Match(lines[^1]) is { Success: true } notice)
                dropped = long.Parse(notice.Groups[1].Value, CultureInfo.InvariantCulture);
            var printed = dropped > 0 ? lines.Take(lines.Count - 1) : lines;
            Assert.All(printed, line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 0, one.line));
            // What the events of a stream show is what the lines are, with the notice on a line of its own.
            var body = dropped > 0 ? kept[..kept.LastIndexOf(LogLines.Notice(dropped), StringComparison.Ordinal)] : kept;
            var bytes = Encoding.UTF8.GetByteCount(body);
            Assert.InRange(Encoding.UTF8.GetByteCount(one.text), bytes + dropped - 1, bytes + dropped);
        });

    private static (IReadOnlyList<string> Lines, string Kept) LinesOf(IEnumerable<string> chunks, int maxLine, int maxStream)
    {
        var kept = new StringBuilder();
        var lines = new LogLines(maxLine, maxStream);
        foreach (var chunk in chunks)
            lines.Append(chunk, kept);
        var all = lines.ToLines(kept);
        return (all, kept.ToString());
    }

    [GeneratedRegex(@"^\[output truncated: ([0-9]+) bytes dropped\]\z")]
    private static partial Regex Notice();
}

using System.Text;
using Sandbox.Cluster.Grains.Contexts;

namespace Sandbox.Cluster.Tests.Grains.Contexts;

public class LogLinesTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\n", new[] { "a" })]
    [InlineData("a\nb", new[] { "a", "b" })]
    [InlineData("\n\n", new[] { "", "" })]
    [InlineData("a\r\nb\rc\n", new[] { "a\r", "b\rc" })]
    [InlineData("é😀\n", new[] { "é😀" })]
    public void ToLines_SplitsAtLineFeedsOnly(string text, string[] expected) => Assert.Equal(expected, LinesOf(text));

    [Theory]
    [InlineData("a\nbc\n\nd")]
    [InlineData("\n")]
    [InlineData("x\r\n")]
    public void ToLines_DoesNotDependOnHowTheTextCame(string text)
    {
        var whole = LinesOf(text);
        var lines = new LogLines(1000, 1000);
        foreach (var character in text)
            lines.Append([character]);
        Assert.Equal(whole, lines.ToLines());
    }

    [Fact]
    public void ToLines_SaysWhatALongLineLost() => Assert.Equal(
        ["abcd", "x", "[output truncated: 3 bytes dropped]"], LinesOf("abcdefg\nx\n", maxLine: 4));

    [Fact]
    public void ToLines_CutsBetweenCharacters() => Assert.Equal(
        ["aé", "[output truncated: 6 bytes dropped]"], LinesOf("aé€€", maxLine: 4));

    [Fact]
    public void ToLines_SaysWhatALongStreamLost() => Assert.Equal(
        ["abc", "de", "[output truncated: 5 bytes dropped]"], LinesOf("abc\ndefgh\n\n", maxStream: 6));

    [Fact]
    public void ToLines_CountsWhatWasDroppedBefore()
    {
        var lines = new LogLines(10, 10);
        lines.Append("a");
        lines.Drop(41);
        Assert.Equal(["a", "[output truncated: 41 bytes dropped]"], lines.ToLines());
    }

    [Fact]
    public void ToLines_LosesNothingWithoutSayingSo()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => "ab\né€😀\r"[random.Next(6)..][..1]
                is var s && char.IsSurrogate(s[0]) ? "😀" : s));
            var lines = LinesOf(text, maxLine: random.Next(4, 20), maxStream: random.Next(4, 60));
            var dropped = lines.Count > 0 && lines[^1].StartsWith("[output truncated: ", StringComparison.Ordinal)
                ? int.Parse(lines[^1].Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture)
                : 0;
            var kept = (dropped > 0 ? lines.SkipLast(1) : lines).Sum(line => Encoding.UTF8.GetByteCount(line));
            var lineEnds = text.Count(c => c == '\n');
            // Line ends are not in the lines: each was kept as a cut between two, or is among the dropped bytes.
            Assert.InRange(Encoding.UTF8.GetByteCount(text), kept + dropped, kept + dropped + lineEnds);
        }
    }

    private static IReadOnlyList<string> LinesOf(string text, int maxLine = 1000, int maxStream = 1000)
    {
        var lines = new LogLines(maxLine, maxStream);
        lines.Append(text);
        return lines.ToLines();
    }
}

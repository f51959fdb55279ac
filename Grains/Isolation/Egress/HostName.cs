using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>The one form in which names of hosts are compared and resolved.</summary>
internal static class HostName
{
    private const int MaxLength = 253;
    private const int MaxLabelLength = 63;

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };
    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>
    /// The name in lower case, in punycode, without the trailing dot of an absolute name; null when it is not the name of a
    /// host (RFC 1123). What could be read as an address in any notation is no name.
    /// </summary>
    public static string? Normalize(string text)
    {
        if (ToAscii(text) is not { } ascii)
            return null;
        var name = WithoutTrailingDot(ascii);
        return name.Length is > 0 and <= MaxLength && Array.TrueForAll(name.Split('.'), IsLabel) && !EndsInNumber(name) ? name : null;
    }

    /// <summary>
    /// Whether resolvers take the text for an address instead of a name: <c>::1</c>, <c>127.0.0.1</c>, and with inet_aton's
    /// notations <c>127.1</c>, <c>0x7f.1</c> and <c>2130706433</c>. The rule is the URL standard's, "ends in a number".
    /// </summary>
    public static bool IsAddress(string text) => IPAddress.TryParse(text, out _) || EndsInNumber(WithoutTrailingDot(text));

    private static string WithoutTrailingDot(string text) => text.EndsWith('.') ? text[..^1] : text;

    private static string? ToAscii(string text)
    {
        if (Ascii.IsValid(text))
            return text.ToLowerInvariant();
        try
        {
            // No normalization without ICU: a name in decomposed characters becomes one that nothing matches.
            return Idn.GetAscii(text.ToLowerInvariant()).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabelLength
        && !label.AsSpan().ContainsAnyExcept(LabelCharacters)
        && !label.StartsWith('-')
        && !label.EndsWith('-');

    private static bool EndsInNumber(string name)
    {
        var last = name.AsSpan()[(name.LastIndexOf('.') + 1)..];
        if (last.IsEmpty)
            return false;
        return last.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? !last[2..].ContainsAnyExcept(HexDigits)
            : !last.ContainsAnyExceptInRange('0', '9');
    }
}

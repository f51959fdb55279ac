using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Sandbox.Cluster.Tests.Properties;

/// <summary>What clients and code may send.</summary>
internal static class Inputs
{
    /// <summary>Characters that mean something to somebody on the way, and some that do not.</summary>
    private static readonly string[] Pieces =
        ["", "a", "Z", "7", " ", "\n", "\r", "\r\n", "\t", "\0", "\u001b[0m", "é", "€", "😀", "\u2028", "\u0085", "\ufeff", "\"", "\\", "/", ".", "..", "%", ":", "data: ", "{", "]", "_", "-"];

    /// <summary>Unicode text without lone surrogates.</summary>
    public static Gen<string> Text { get; } = Gen.Elements(Pieces).ArrayOf().Select(string.Concat);

    /// <summary>Text as a producer may cut it: at any character, sometimes in the middle of one.</summary>
    public static Gen<string[]> Chunks { get; } = Gen.OneOf(
        Gen.Elements(Pieces).ArrayOf(),
        Text.Select(text => text.Select(unit => unit.ToString()).ToArray()));

    /// <summary>Any bytes at all.</summary>
    public static Gen<byte[]> Bytes { get; } = Gen.Choose(0, 255).Select(number => (byte)number).ArrayOf();

    /// <summary>JSON text of any shape; the members of objects are often those that a request has.</summary>
    public static Gen<string> Json(params string[] members) => Gen.Sized(size => Value(Math.Min(size, 6), members));

    private static Gen<string> Value(int depth, string[] members)
    {
        var leaf = Gen.OneOf(
            Text.Select(Quote),
            Gen.Elements("null", "true", "false", "0", "-1", "120000", "1e400", "3e4", "1.5", "99999999999999999999", "\"\\ud800\"", "\"python\"", "\"TS\"", "\"a/b\"", "\"/home/user/x\""),
            Gen.Choose(int.MinValue, int.MaxValue).Select(number => number.ToString(CultureInfo.InvariantCulture)));
        if (depth == 0)
            return leaf;
        var below = Value(depth - 1, members);
        var name = Gen.OneOf(Gen.Elements(members).Select(Quote), Text.Select(Quote), Gen.Elements("\"A\"", "\"\\udc00\""));
        var member = from key in name from value in below select $"{key}:{value}";
        return Gen.OneOf(
            leaf,
            Few(below).Select(values => $"[{string.Join(',', values)}]"),
            Few(member).Select(values => $"{{{string.Join(',', values)}}}"));
    }

    private static Gen<T[]> Few<T>(Gen<T> values) => Gen.Choose(0, 5).SelectMany(count => values.ArrayOf(count));

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var unit in text)
            quoted.Append(unit is '"' or '\\' or < ' ' ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}") : unit.ToString());
        return quoted.Append('"').ToString();
    }
}

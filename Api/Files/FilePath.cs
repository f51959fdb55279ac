using System.Globalization;
using System.Text;
using Sandbox.Cluster.Api.Hosting;

namespace Sandbox.Cluster.Api.Files;

/// <summary>
/// The path of a file, as the bytes that the client meant. Read from the request as it was sent: what the server makes of it
/// for its routes can hold neither a slash nor a byte that is not UTF-8, and has no <c>..</c> any more.
/// </summary>
internal static class FilePath
{
    private const int MaxPathBytes = 4095;
    private const int MaxNameBytes = 255;
    private const int PartsBefore = 4; // "", contexts, the id, files

    /// <summary>Bytes without empty parts; the fault if it is no path.</summary>
    /// <param name="rawTarget">The target of the request line.</param>
    /// <param name="namesFile">Whether it must not end with a slash.</param>
    /// <param name="path">Empty: the home.</param>
    public static string? Read(string rawTarget, bool namesFile, out byte[] path)
    {
        path = [];
        var target = RequestTarget.PathOf(rawTarget).Split('/');
        if (target.Length < PartsBefore || !target[1].Equals("contexts", StringComparison.OrdinalIgnoreCase)
            || !target[3].Equals("files", StringComparison.OrdinalIgnoreCase))
        {
            return "must begin with /contexts/{id}/files, unencoded and without . and ..";
        }
        if (Decode(string.Join('/', target[PartsBefore..])) is not { } decoded)
            return "has a percent sign without two hexadecimal digits; a percent sign itself is %25";
        var parts = Split(decoded);
        if (parts.Exists(part => part.AsSpan().SequenceEqual("."u8) || part.AsSpan().SequenceEqual(".."u8)))
            return "must not have a part that is . or ..";
        if (parts.Exists(part => part.Contains((byte)0)))
            return "must not hold a NUL";
        if (parts.Exists(part => part.Length > MaxNameBytes))
            return string.Create(CultureInfo.InvariantCulture, $"has a part of more than {MaxNameBytes} bytes");
        if (namesFile && decoded is [.., (byte)'/'])
            return "must name a file, without a slash at its end";
        path = Join(parts);
        return path.Length <= MaxPathBytes ? null : string.Create(CultureInfo.InvariantCulture, $"has more than {MaxPathBytes} bytes");
    }

    private static byte[]? Decode(string text)
    {
        var raw = Encoding.UTF8.GetBytes(text);
        var bytes = new List<byte>(raw.Length);
        for (var at = 0; at < raw.Length; at++)
        {
            if (raw[at] != (byte)'%')
            {
                bytes.Add(raw[at]);
                continue;
            }
            if (at + 2 >= raw.Length || !char.IsAsciiHexDigit((char)raw[at + 1]) || !char.IsAsciiHexDigit((char)raw[at + 2]))
                return null;
            bytes.Add((byte)((Convert.FromHexString([(char)raw[at + 1], (char)raw[at + 2]]))[0]));
            at += 2;
        }
        return [.. bytes];
    }

    private static List<byte[]> Split(byte[] path)
    {
        var parts = new List<byte[]>();
        foreach (var part in path.AsSpan().Split((byte)'/'))
        {
            if (path.AsSpan(part) is { IsEmpty: false } name)
                parts.Add(name.ToArray());
        }
        return parts;
    }

    private static byte[] Join(List<byte[]> parts)
    {
        var joined = new List<byte>();
        foreach (var part in parts)
        {
            if (joined.Count > 0)
                joined.Add((byte)'/');
            joined.AddRange(part);
        }
        return [.. joined];
    }
}

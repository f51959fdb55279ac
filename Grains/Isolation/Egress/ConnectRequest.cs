using System.Buffers;
using System.Text;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>A CONNECT request (RFC 9110 §9.3.6, RFC 9112), read as strictly as it can be.</summary>
/// <param name="Host">The host as <see cref="HostName.Normalize"/> makes it.</param>
/// <param name="Rest">What followed the head: the tunnel's first bytes.</param>
internal sealed record ConnectRequest(string Host, ReadOnlyMemory<byte> Rest)
{
    /// <summary>The only port there is.</summary>
    public const int Port = 443;

    private const string PortText = "443";

    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>
    /// The length of a head with its empty line; 0 when more of it has to come. Refuses at its first byte what can become no
    /// head: a control character, a line that ends in anything but CR LF.
    /// </summary>
    /// <param name="bytes">What has come.</param>
    /// <param name="seen">How much of it an earlier call has looked at.</param>
    /// <exception cref="EgressRefusedException">It is no head.</exception>
    public static int Measure(ReadOnlySpan<byte> bytes, int seen)
    {
        for (var at = seen; at < bytes.Length; at++)
        {
            var afterCr = at > 0 && bytes[at - 1] == '\r';
            var isFault = bytes[at] switch
            {
                (byte)'\n' => !afterCr,
                (byte)'\r' or (byte)'\t' => afterCr,
                < 0x20 or 0x7f => true,
                _ => afterCr,
            };
            if (isFault)
                throw new EgressRefusedException(EgressOutcome.BadRequest);
            if (bytes[at] == '\n' && bytes[..(at + 1)].EndsWith("\r\n\r\n"u8))
                return at + 1;
        }
        return 0;
    }

    /// <summary>The host that a head asks for.</summary>
    /// <param name="head">A head as <see cref="Measure"/> found it.</param>
    /// <exception cref="EgressRefusedException">It asks for nothing that is served, or not rightly.</exception>
    public static string HostOf(ReadOnlySpan<byte> head)
    {
        var end = head.IndexOf("\r\n"u8);
        var host = HostOfRequestLine(head[..end]);
        for (var rest = head[(end + 2)..]; !rest.StartsWith("\r\n"u8); rest = rest[(end + 2)..])
        {
            end = rest.IndexOf("\r\n"u8);
            CheckHeader(rest[..end]);
        }
        return host;
    }

    private static string HostOfRequestLine(ReadOnlySpan<byte> line)
    {
        var (method, rest) = Cut(line, (byte)' ');
        if (!IsToken(method))
            throw new EgressRefusedException(EgressOutcome.BadRequest);
        if (!method.SequenceEqual("CONNECT"u8))
            throw new EgressRefusedException(EgressOutcome.MethodNotAllowed);
        var (target, version) = Cut(rest, (byte)' ');
        // HTTP/1.0 is what the http.client of Python 3.11 sends, and so pip.
        if (!version.SequenceEqual("HTTP/1.1"u8) && !version.SequenceEqual("HTTP/1.0"u8))
            throw new EgressRefusedException(EgressOutcome.BadRequest);
        return HostOfTarget(target);
    }

    private static string HostOfTarget(ReadOnlySpan<byte> target)
    {
        var colon = target.LastIndexOf((byte)':');
        if (colon < 0 || !Ascii.IsValid(target))
            throw new EgressRefusedException(EgressOutcome.BadRequest);
        var host = Encoding.ASCII.GetString(target[..colon]);
        var port = Encoding.ASCII.GetString(target[(colon + 1)..]);
        if (port.Length is 0 or > 5 || port.AsSpan().ContainsAnyExceptInRange('0', '9'))
            throw new EgressRefusedException(EgressOutcome.BadRequest);
        if (port != PortText)
            throw new EgressRefusedException(EgressOutcome.PortNotAllowed);
        if (HostName.IsAddress(host))
            throw new EgressRefusedException(EgressOutcome.AddressNotAllowed);
        return HostName.Normalize(host) ?? throw new EgressRefusedException(EgressOutcome.BadRequest);
    }

    /// <summary>Headers mean nothing here, but a body would: CONNECT has none, and its bytes would be taken for the tunnel's.</summary>
    private static void CheckHeader(ReadOnlySpan<byte> line)
    {
        var (name, value) = Cut(line, (byte)':');
        var announcesBody = Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8)
            || (Ascii.EqualsIgnoreCase(name, "Content-Length"u8) && !value.Trim(" \t"u8).SequenceEqual("0"u8));
        if (!IsToken(name) || announcesBody)
            throw new EgressRefusedException(EgressOutcome.BadRequest);
    }

    private static bool IsToken(ReadOnlySpan<byte> bytes) => !bytes.IsEmpty && !bytes.ContainsAnyExcept(TokenBytes);

    /// <summary>What stands before the first separator, and after it.</summary>
    /// <exception cref="EgressRefusedException">There is no separator.</exception>
    private static Parts Cut(ReadOnlySpan<byte> bytes, byte separator)
    {
        var at = bytes.IndexOf(separator);
        return at < 0 ? throw new EgressRefusedException(EgressOutcome.BadRequest) : new Parts(bytes[..at], bytes[(at + 1)..]);
    }

    private readonly ref struct Parts(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        private readonly ReadOnlySpan<byte> _before = before;
        private readonly ReadOnlySpan<byte> _after = after;

        public void Deconstruct(out ReadOnlySpan<byte> before, out ReadOnlySpan<byte> after)
        {
            before = _before;
            after = _after;
        }
    }
}

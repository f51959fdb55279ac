using System.Globalization;
using System.Text;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>
/// What clients are told, in our own words alone. The reason phrase is a message too: Python shows it, and never a body.
/// </summary>
internal static class EgressAnswers
{
    private const string SetProxy = "Clients take the proxy from the environment (https_proxy) and then send this themselves.";

    /// <summary>The answer to a CONNECT request whose tunnel stands.</summary>
    public static ReadOnlyMemory<byte> Connected { get; } = "HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray();

    /// <summary>The answer to a refused request; null for an outcome that is no refusal.</summary>
    public static ReadOnlyMemory<byte>? To(EgressOutcome outcome) => outcome switch
    {
        EgressOutcome.BadRequest => Answer(400, "Malformed proxy request",
            $"This proxy takes CONNECT host:443 HTTP/1.1, with a head of at most {ConnectRequestReader.MaxHeadBytes / 1024} KiB. {SetProxy}"),
        EgressOutcome.MethodNotAllowed => Answer(405, "Only CONNECT is served",
            $"Plain http is not served: use the https:// form of the URL, which goes through CONNECT. {SetProxy}", "Allow: CONNECT\r\n"),
        EgressOutcome.PortNotAllowed => Answer(403, "Only port 443 is served",
            "Only port 443 is served: use the https:// form of the URL, without a port."),
        EgressOutcome.AddressNotAllowed => Answer(403, "Addresses are not served",
            "Addresses are not served: name the host."),
        EgressOutcome.HostNotAllowed => Answer(403, "Host not on this tenant's allow-list",
            $"The host is not on this tenant's allow-list. Whoever runs this service adds it at {EgressOptions.Section}:{nameof(EgressOptions.Tenants)}."),
        EgressOutcome.NotPublic => Answer(403, "Host has no public address",
            "The host's name leads to no public address, and others are never connected to. Correct its DNS records."),
        EgressOutcome.RequestTimeout => Answer(408, "Request not complete in time",
            "The request was not complete in time. Connect, and send its whole head at once."),
        EgressOutcome.Unresolved => Answer(502, "Host not found",
            "The host's name leads to no address. Check the name, or try again later."),
        EgressOutcome.Unreachable => Answer(502, "Host accepts no connection",
            "No address of the host accepts connections on port 443. Try again later."),
        EgressOutcome.ConnectTimeout => Answer(504, "Host not reached in time",
            "The host was not reached in time. Try again later."),
        EgressOutcome.Closed or EgressOutcome.Broken or EgressOutcome.Idle or EgressOutcome.ContextEnded
            or EgressOutcome.Abandoned or EgressOutcome.Failed => null,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, null),
    };

    private static ReadOnlyMemory<byte>? Answer(int status, string reason, string body, string headers = "") =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {body.Length + 1}\r\nConnection: close\r\n{headers}\r\n{body}\n"));
}

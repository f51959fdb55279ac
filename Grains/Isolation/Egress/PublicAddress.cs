using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>
/// An address that was found to be publicly routable. There is no other way to one of these, and dialers take nothing else:
/// what is dialed is what was checked.
/// </summary>
internal sealed record PublicAddress
{
    /// <summary>
    /// IANA's IPv4 special-purpose registry, multicast, and one address that a cloud gives its machines. Those that the
    /// registry calls globally reachable (anycast services of the network itself) are no hosts of the world either.
    /// </summary>
    private static readonly Prefix[] NotPublicV4 = Prefixes(
        "0.0.0.0/8", // this network
        "10.0.0.0/8", // private
        "100.64.0.0/10", // shared, carrier-grade NAT
        "127.0.0.0/8", // loopback
        "168.63.129.16/32", // Azure's host, to its virtual machines
        "169.254.0.0/16", // link-local, and the metadata of every cloud
        "172.16.0.0/12", // private
        "192.0.0.0/24", // protocol assignments
        "192.0.2.0/24", // documentation
        "192.31.196.0/24", // AS112
        "192.52.193.0/24", // automatic multicast tunneling
        "192.88.99.0/24", // 6to4 relays
        "192.168.0.0/16", // private
        "192.175.48.0/24", // AS112
        "198.18.0.0/15", // benchmarks
        "198.51.100.0/24", // documentation
        "203.0.113.0/24", // documentation
        "224.0.0.0/4", // multicast
        "240.0.0.0/4"); // reserved, and broadcast

    /// <summary>
    /// All that IANA has given out as global unicast. It leaves out the unspecified and the loopback address, what embeds an
    /// IPv4 address (mapped, compatible, NAT64), discard-only, segment routing, unique local, link-local, site-local, multicast.
    /// </summary>
    private static readonly Prefix GlobalUnicastV6 = Prefix.Parse("2000::/3");

    /// <summary>IANA's IPv6 special-purpose registry, as far as it lies in <see cref="GlobalUnicastV6"/>.</summary>
    private static readonly Prefix[] NotPublicV6 = Prefixes(
        "2001::/23", // protocol assignments: Teredo, benchmarks, ORCHID, DRIP
        "2001:db8::/32", // documentation
        "2002::/16", // 6to4
        "2620:4f:8000::/48", // AS112
        "3ffe::/16", // the 6bone's, returned
        "3fff::/20"); // documentation

    private PublicAddress(IPAddress value) => Value = value;

    /// <summary>The address.</summary>
    public IPAddress Value { get; }

    /// <summary>The address as a public one; null when it is none.</summary>
    public static PublicAddress? From(IPAddress address) => IsPublic(address) ? new PublicAddress(address) : null;

    /// <summary>Whether an address is one of the public internet's hosts. What is not known to be is not.</summary>
    public static bool IsPublic(IPAddress address) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => !Array.Exists(NotPublicV4, prefix => prefix.Contains(address)),
        AddressFamily.InterNetworkV6 => address.ScopeId == 0
            && GlobalUnicastV6.Contains(address)
            && !Array.Exists(NotPublicV6, prefix => prefix.Contains(address)),
        _ => false,
    };

    /// <summary>Nothing: an address that a tenant's code made us look up is for no log.</summary>
    public override string ToString() => nameof(PublicAddress);

    private static Prefix[] Prefixes(params string[] prefixes) => Array.ConvertAll(prefixes, Prefix.Parse);

    /// <summary>
    /// The addresses of one family that begin alike. Not an <see cref="IPNetwork"/>: that of .NET 10.0 finds the IPv4-mapped
    /// <c>::ffff:10.0.0.1</c> in <c>2000::/3</c>.
    /// </summary>
    private readonly record struct Prefix(UInt128 Bits, int Length)
    {
        public static Prefix Parse(string text)
        {
            var slash = text.IndexOf('/', StringComparison.Ordinal);
            return new Prefix(BitsOf(IPAddress.Parse(text[..slash])), int.Parse(text[(slash + 1)..], CultureInfo.InvariantCulture));
        }

        public bool Contains(IPAddress address) => (BitsOf(address) ^ Bits) >> (128 - Length) == UInt128.Zero;

        /// <summary>The address from the highest bit on.</summary>
        private static UInt128 BitsOf(IPAddress address)
        {
            Span<byte> bytes = stackalloc byte[16];
            address.TryWriteBytes(bytes, out _);
            return BinaryPrimitives.ReadUInt128BigEndian(bytes);
        }
    }
}

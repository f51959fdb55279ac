using System.Collections.Frozen;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>The hosts that a tenant's code may reach. Immutable; may be shared by all the contexts of its tenant.</summary>
internal sealed class HostAllowList
{
    private const string Wildcard = "*.";

    private readonly FrozenSet<string> _hosts;
    private readonly FrozenSet<string> _domains;

    /// <summary>A list of exact names (<c>pypi.org</c>) and of domains (<c>*.pythonhosted.org</c>, any depth, not the apex).</summary>
    /// <exception cref="FormatException">A pattern has a fault; <see cref="FaultOf"/> says which.</exception>
    public HostAllowList(IEnumerable<string> patterns)
    {
        var hosts = new HashSet<string>(StringComparer.Ordinal);
        var domains = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pattern in patterns)
        {
            if (FaultOf(pattern) is { } fault)
                throw new FormatException($"'{pattern}' {fault}.");
            if (pattern.StartsWith(Wildcard, StringComparison.Ordinal))
                domains.Add(HostName.Normalize(pattern[Wildcard.Length..])!);
            else
                hosts.Add(HostName.Normalize(pattern)!);
        }
        _hosts = hosts.ToFrozenSet(StringComparer.Ordinal);
        _domains = domains.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>What is wrong with a pattern, as a clause that follows the pattern; null when it is right.</summary>
    public static string? FaultOf(string? pattern)
    {
        if (string.IsNullOrWhiteSpace(pattern))
            return "is blank";
        if (pattern.Contains("//", StringComparison.Ordinal))
            return "has a scheme; give the host's name alone";
        if (pattern.Contains('/', StringComparison.Ordinal))
            return "has a path; give the host's name alone";
        if (pattern == "*")
            return "allows every host; name the hosts, or the domains as *.example.org";

        var isWildcard = pattern.StartsWith(Wildcard, StringComparison.Ordinal);
        var host = isWildcard ? pattern[Wildcard.Length..] : pattern;
        if (host.Contains('*', StringComparison.Ordinal))
            return "has a '*' that is not the whole first label; only *.example.org is known";
        if (host.LastIndexOf(':') is >= 0 and var colon && colon == host.IndexOf(':', StringComparison.Ordinal))
            return "has a port; 443 is the only one there is";
        if (HostName.IsAddress(host))
            return "is an address; only names are allowed";
        if (HostName.Normalize(host) is not { } name)
            return "is not the name of a host";
        if (!name.Contains('.', StringComparison.Ordinal))
            return isWildcard ? "allows a whole top-level domain" : "is not a full name; give its domain too";
        return null;
    }

    /// <summary>Whether a host may be reached. Upper case, a trailing dot and Unicode are taken as <see cref="HostName"/> takes them.</summary>
    public bool Allows(string host)
    {
        if (HostName.Normalize(host) is not { } name)
            return false;
        if (_hosts.Contains(name))
            return true;
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            if (_domains.Contains(name[(dot + 1)..]))
                return true;
        }
        return false;
    }
}

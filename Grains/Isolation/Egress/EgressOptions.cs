using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>
/// Which hosts a tenant's code may reach, and within which limits. Configuration section <c>Sandbox:Egress</c>. That only
/// public addresses are reached is no option.
/// </summary>
public sealed class EgressOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Egress";

    /// <summary>
    /// The hosts of each tenant, by its name: <c>pypi.org</c> is that host, <c>*.pythonhosted.org</c> everything below that
    /// domain, but not the domain itself. A tenant that is not named here has no network.
    /// </summary>
    public IDictionary<string, IList<string>> Tenants { get; } = new Dictionary<string, IList<string>>(StringComparer.Ordinal);

    /// <summary>Connections of one context at a time; the next one waits until one of them ends.</summary>
    [Range(1, 1024)]
    public int MaxConnections { get; set; } = 32;

    /// <summary>How long a connection may take to say where it wants to go.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long it may take to resolve a host's name and connect to it, all its addresses together.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a tunnel stays open while no byte moves in either direction.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(60);
}

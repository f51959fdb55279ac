using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Silo.Hosting;

/// <summary>Where a silo of a cluster is reached. Configuration section <c>Sandbox:Endpoint</c>.</summary>
public sealed class SiloEndpointOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Endpoint";

    /// <summary>The IP address that other silos and Apis reach this one at.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The port for other silos; 0: a free one.</summary>
    [Range(0, 65535)]
    public int SiloPort { get; set; }

    /// <summary>The port for Apis; 0: a free one.</summary>
    [Range(0, 65535)]
    public int GatewayPort { get; set; }
}

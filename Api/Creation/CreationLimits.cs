using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Api.Creation;

/// <summary>What a new context may ask for. Configuration section <c>Sandbox:Creation</c>.</summary>
internal sealed class CreationLimits
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Creation";

    /// <summary>The largest <c>idle_timeout_ms</c>.</summary>
    [Range(typeof(TimeSpan), "00:02:00", "7.00:00:00")]
    public TimeSpan MaxIdleTimeout { get; set; } = TimeSpan.FromDays(1);
}

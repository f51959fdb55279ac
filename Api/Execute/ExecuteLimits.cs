using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>What an execution may ask for. Configuration section <c>Sandbox:Execute</c>.</summary>
internal sealed class ExecuteLimits
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Execute";

    /// <summary>The largest <c>timeout_ms</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "24:00:00")]
    public TimeSpan MaxTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary><c>timeout_ms</c> where a request has none.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "24:00:00")]
    public TimeSpan DefaultTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

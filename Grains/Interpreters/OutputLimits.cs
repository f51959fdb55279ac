using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>
/// How much output of one execution is kept; what goes over is cut and the cut is said. Configuration section
/// <c>Sandbox:Output</c>. Bytes count as UTF-8.
/// </summary>
public sealed class OutputLimits
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Output";

    /// <summary>Bytes of stdout, and as many of stderr.</summary>
    [Range(1024, 64 << 20)]
    public int StreamBytes { get; set; } = 1 << 20;

    /// <summary>Bytes of one line of either.</summary>
    [Range(1024, 64 << 20)]
    public int LineBytes { get; set; } = 64 << 10;

    /// <summary>Bytes of all rich items, as JSON.</summary>
    [Range(1024, 24 << 20)]
    public int ItemBytes { get; set; } = 16 << 20;
}

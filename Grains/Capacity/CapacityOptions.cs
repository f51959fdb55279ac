using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Grains.Capacity;

/// <summary>How much a silo takes on. Configuration section <c>Sandbox:Capacity</c>.</summary>
public sealed class CapacityOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Capacity";

    /// <summary>Contexts with a running interpreter that a silo holds; null: as many as its memory allows.</summary>
    [Range(1, 100_000)]
    public int? MaxContexts { get; set; }

    /// <summary>What one context is taken to need where <see cref="MaxContexts"/> is null; most are idle and need far less than they may use.</summary>
    [Range(1L << 20, 1L << 40)]
    public long BytesPerContext { get; set; } = 48L << 20;

    /// <summary>How often a silo asks the others for the room that they have.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:10")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(250);
}

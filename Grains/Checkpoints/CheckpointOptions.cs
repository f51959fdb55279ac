using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Grains.Checkpoints;

/// <summary>When sessions are saved, and how long that may take. Configuration section <c>Sandbox:Checkpoints</c>.</summary>
public sealed class CheckpointOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Checkpoints";

    /// <summary>How long a session that has changed must have been quiet before it is saved.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan QuietPeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long saving one session may take, storing it included.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan SaveTimeout { get; set; } = TimeSpan.FromSeconds(75);

    /// <summary>How long restoring one may take; its constructors are user code, and what does not end is given up.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan RestoreTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Sessions that a silo saves at the same time; the smaller ones come first.</summary>
    [Range(1, 256)]
    public int MaxConcurrentSaves { get; set; } = 2;
}

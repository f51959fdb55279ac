using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Grains.Isolation;

/// <summary>
/// The walls that a silo insists on, and what one context may use. Configuration section <c>Sandbox:Isolation</c>.
/// </summary>
public sealed class IsolationOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Isolation";

    /// <summary>A silo whose machine has less does not start.</summary>
    public IsolationTier MinimumTier { get; set; } = IsolationTier.Full;

    /// <summary>A silo on whose machine limits are kept by less does not start.</summary>
    public LimitKeeper MinimumLimits { get; set; } = LimitKeeper.Rlimit;

    /// <summary>The user that interpreters run as where the silo is root; users above it are used in the tier reduced.</summary>
    [Range(1, 60_000)]
    public int User { get; set; } = 60_000;

    /// <summary>Memory of one context, its files included.</summary>
    [Range(64L << 20, 1L << 40)]
    public long MemoryBytes { get; set; } = 512L << 20;

    /// <summary>Files of one context: its home, <c>/tmp</c> and <c>/dev/shm</c> together.</summary>
    [Range(1L << 20, 1L << 40)]
    public long FileBytes { get; set; } = 256L << 20;

    /// <summary>Files and folders of one context.</summary>
    [Range(64, 1 << 24)]
    public int Files { get; set; } = 65_536;

    /// <summary>Processor time of one context, in percent of one core.</summary>
    [Range(1, 100_000)]
    public int CpuPercent { get; set; } = 100;

    /// <summary>Processes and threads of one context.</summary>
    [Range(16, 1 << 20)]
    public int Processes { get; set; } = 128;
}

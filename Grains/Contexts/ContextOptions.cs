using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>How contexts behave. Configuration section <c>Sandbox:Contexts</c>.</summary>
public sealed class ContextOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Contexts";

    /// <summary>Executions that may wait for their turn on one context; the next one is refused.</summary>
    [Range(0, 1024)]
    public int MaxQueuedExecutions { get; set; } = 16;

    /// <summary>How long a context keeps its interpreter without being used.</summary>
    [Range(typeof(TimeSpan), "00:02:00", "7.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a context is kept without being used, until it is removed with all that belongs to it; zero: for ever.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long one grain call waits for an execution before it answers that it is pending.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:05")]
    public TimeSpan AnswerWithin { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a pending execution goes on without being followed; its client is then taken to be gone.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan FollowerLease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of output that a context keeps of executions that nobody waits for any more; that of the last one is kept whole.</summary>
    [Range(0, 1L << 30)]
    public long KeptOutputBytes { get; set; } = 16 << 20;

    /// <summary>How long code that runs goes on while its silo shuts down, before it is interrupted.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a silo that shuts down takes to end its executions and save its sessions, both together.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(60);
}

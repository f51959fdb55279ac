using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>How interpreters are started and stopped. Configuration section <c>Sandbox:Interpreters</c>.</summary>
public sealed class InterpreterOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Interpreters";

    /// <summary>The Python that runs the launchers and the Python driver; it needs the packages of <c>deploy/prerequisites.sh</c>.</summary>
    [Required]
    public string PythonPath { get; set; } = "/usr/bin/python3";

    /// <summary>The Bun that runs the TypeScript driver. Default: the one that <c>npm ci</c> puts below the drivers' folder.</summary>
    public string? BunPath { get; set; }

    /// <summary>The folder with <c>launcher</c>, <c>python</c> and <c>typescript</c>. Default: <c>drivers</c> beside the program.</summary>
    [Required]
    public string DriversDirectory { get; set; } = Path.Combine(AppContext.BaseDirectory, "drivers");

    /// <summary>Interpreters of each language that wait warm for a new context at all times.</summary>
    [Range(0, 256)]
    public int WarmMinimum { get; set; } = 2;

    /// <summary>As many wait at most, when contexts come in quick succession.</summary>
    [Range(0, 256)]
    public int WarmMaximum { get; set; } = 8;

    /// <summary>How long a launcher may take until it accepts connections; it imports pandas and matplotlib meanwhile.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan LauncherStartTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an interpreter may take from the request to its hello.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long each rung of the interrupt ladder has before the next one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan InterruptGrace { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an interpreter may take to take what it is sent; one that does not is ended.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an interpreter that was hung up on may take to be gone.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan EndTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a silo may be silent until its launchers halt its contexts. Shorter than it takes to declare it dead, so that a
    /// context that has moved never runs twice.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan SiloLease { get; set; } = TimeSpan.FromSeconds(4);
}

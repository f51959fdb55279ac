using System.Diagnostics;
using System.Globalization;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Isolation;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>How a launcher is called.</summary>
internal static class LauncherCommand
{
    private const int UsersOfALauncher = 2500;

    /// <summary>The script alone, with an environment that holds nothing of this process': that one has secrets.</summary>
    /// <exception cref="InterpreterUnavailableException">The script is not where the options say.</exception>
    public static ProcessStartInfo Create(InterpreterOptions options)
    {
        var script = Path.Combine(Path.GetFullPath(options.DriversDirectory), "launcher", "launcher.py");
        if (!File.Exists(script))
        {
            throw new InterpreterUnavailableException(
                $"No launcher at {script}; set {InterpreterOptions.Section}:DriversDirectory to the folder Grains/drivers.");
        }
        var command = new ProcessStartInfo(options.PythonPath)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "-I", script },
        };
        command.Environment.Clear();
        command.Environment["PATH"] = "/usr/bin:/bin";
        command.Environment["LANG"] = "C.UTF-8";
        return command;
    }

    /// <summary>A launcher of a language, whose socket and homes are in a directory.</summary>
    public static ProcessStartInfo Create(
        Language language, InterpreterOptions options, IsolationReport walls, IsolationOptions isolation, DirectoryInfo directory)
    {
        var command = Create(options);
        command.WorkingDirectory = directory.FullName;
        command.Environment["HOME"] = directory.FullName;
        Add("--language", language == Language.Python ? "python" : "typescript");
        Add("--socket", SocketIn(directory));
        Add("--homes", directory.CreateSubdirectory("homes").FullName);
        if (language == Language.TypeScript)
            Add("--bun", BunPath(options));
        Add("--tier", IsolationReport.Name(walls.Tier));
        // What was found at the start has to be there still: limits are not kept by less in silence.
        Add("--limits-by", IsolationReport.Name(walls.Limits));
        // Each launcher has users of its own, as many as there are between two of them.
        Add("--user", isolation.User + (int)language * UsersOfALauncher);
        Add("--pool-minimum", options.WarmMinimum);
        Add("--pool-maximum", options.WarmMaximum);
        Add("--lease-seconds", options.SiloLease.TotalSeconds);
        Add("--memory-bytes", isolation.MemoryBytes);
        Add("--file-bytes", isolation.FileBytes);
        Add("--files", isolation.Files);
        Add("--cpu-percent", isolation.CpuPercent);
        Add("--processes", isolation.Processes);
        return command;

        void Add(string name, object value)
        {
            command.ArgumentList.Add(name);
            command.ArgumentList.Add(Convert.ToString(value, CultureInfo.InvariantCulture)!);
        }
    }

    /// <summary>Where a launcher with this directory accepts connections.</summary>
    public static string SocketIn(DirectoryInfo directory) => Path.Combine(directory.FullName, "launcher.sock");

    private static string BunPath(InterpreterOptions options)
    {
        var driver = Path.Combine(Path.GetFullPath(options.DriversDirectory), "typescript");
        var path = options.BunPath ?? Path.Combine(driver, "node_modules", "bun", "bin", "bun.exe");
        return File.Exists(path)
            ? Path.GetFullPath(path)
            : throw new InterpreterUnavailableException(
                $"No Bun at {path}; run npm ci in {driver} or set {InterpreterOptions.Section}:BunPath.");
    }
}

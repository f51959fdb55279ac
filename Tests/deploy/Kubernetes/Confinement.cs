using System.Diagnostics;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>A program under what the silo's manifest allows: see <c>confined.py</c>.</summary>
internal static class Confinement
{
    public static readonly string Script = Path.Combine(Repository.Root, "Tests", "deploy", "confined.py");

    public static ProcessStartInfo Of(string profile, params string[] program)
    {
        var command = new ProcessStartInfo("/usr/bin/python3")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in (string[])["-I", Script, profile, .. program])
            command.ArgumentList.Add(word);
        command.Environment.Clear();
        command.Environment["PATH"] = "/usr/bin:/bin";
        return command;
    }
}

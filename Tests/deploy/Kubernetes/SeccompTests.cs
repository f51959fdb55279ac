using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Grains.Isolation;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>
/// The profile of the silo's pods: with it, as uid 1000 and without a capability, every wall can be put up, and it has nothing that they
/// could do without.
/// </summary>
public sealed partial class SeccompTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private static readonly string Shipped = Path.Combine(Manifests.Root, "seccomp", Path.GetFileName(SiloRules.Profile));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("seccomp-");

    /// <summary>What it allows beyond the default of container runtimes.</summary>
    public static TheoryData<string> CallsOfTheWalls => [.. Groups()[1]];

    [Fact]
    public void TheProfile_HasTheFormThatEveryRuntimeReads()
    {
        var profile = JsonNode.Parse(File.ReadAllText(Shipped))!.AsObject();
        Assert.Equal(["defaultAction", "defaultErrnoRet", "architectures", "syscalls"], profile.Select(member => member.Key));
        // Of Docker's own form, which containerd does not read, it has nothing.
        Assert.All(profile["syscalls"]!.AsArray(), rule => Assert.Empty(
            rule!.AsObject().Select(member => member.Key).Except(["names", "action", "args", "errnoRet"])));
        Assert.Equal("SCMP_ACT_ERRNO", (string?)profile["defaultAction"]);
    }

    [Fact]
    public void TheProfile_LacksWhatOnlyAnAdministratorNeeds() => Assert.Empty(Groups().SelectMany(names => names).Intersect(
    [
        "bpf", "delete_module", "finit_module", "init_module", "io_uring_setup", "kexec_load", "keyctl", "add_key", "request_key", "open_by_handle_at",
        "perf_event_open", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "reboot", "setdomainname", "swapon", "syslog", "umount",
        "userfaultfd", "chroot", "settimeofday", "kcmp",
    ]));

    [Fact]
    public void WhatUserCodeMayCall_TheProfileAllowsToo()
    {
        // A filter inside another cannot give back what that one has taken.
        var inner = File.ReadAllText(Path.Combine(Repository.Drivers, "launcher", "isolation", "system_calls.py"));
        var allowed = ListPattern().Match(inner).Groups[1].Value.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(allowed);
        Assert.Empty(allowed.Except(Groups().SelectMany(names => names)));
    }

    [Fact]
    public async Task UnderTheProfile_EveryWallCanBePutUp() => Assert.Equal(IsolationTier.Full, (await ProbeAsync(Shipped)).Tier);

    [Theory, MemberData(nameof(CallsOfTheWalls))]
    public async Task WithoutAnyCallOfTheWalls_OneIsMissing(string call)
    {
        var profile = JsonNode.Parse(await File.ReadAllTextAsync(Shipped))!;
        var names = profile["syscalls"]![1]!["names"]!.AsArray();
        names.RemoveAt(names.ToList().FindIndex(name => (string?)name == call));
        var path = Path.Combine(_folder.FullName, "profile.json");
        await File.WriteAllTextAsync(path, profile.ToJsonString());
        // Without `clone` there is not even a process to find that out.
        Assert.NotEqual(IsolationTier.Full, call == "clone" ? await FailedAsync(path) : (await ProbeAsync(path)).Tier);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string[][] Groups() =>
    [
        .. JsonNode.Parse(File.ReadAllText(Shipped))!["syscalls"]!.AsArray().Where(rule => (string?)rule!["action"] == "SCMP_ACT_ALLOW")
            .Select(rule => rule!["names"]!.AsArray().Select(name => (string)name!).ToArray()),
    ];

    private async Task<IsolationReport> ProbeAsync(string profile)
    {
        var (exitCode, output) = await RunAsync(profile);
        Assert.Equal(0, exitCode);
        return IsolationReport.Parse(output);
    }

    private async Task<IsolationTier> FailedAsync(string profile)
    {
        Assert.NotEqual(0, (await RunAsync(profile)).ExitCode);
        return IsolationTier.None;
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string profile)
    {
        _folder.UnixFileMode |= UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        var command = Confinement.Of(profile, "/usr/bin/python3", "-I", Path.Combine(Repository.Drivers, "launcher", "launcher.py"), "--probe", "--user", "60000");
        using var process = Process.Start(command)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Bound);
        await errors.WaitAsync(Bound);
        await process.WaitForExitAsync().WaitAsync(Bound);
        return (process.ExitCode, output);
    }

    [GeneratedRegex("_ALLOWED = \"\"\"(.*?)\"\"\"", RegexOptions.Singleline)]
    private static partial Regex ListPattern();
}

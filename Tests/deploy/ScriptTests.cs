using System.Diagnostics;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Deploy;

/// <summary>What the scripts say when something is missing, and that they do not call a broken run a good one.</summary>
public sealed class ScriptTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("scripts-");

    [Fact]
    public async Task Prerequisites_WhenNothingIsMissing_SayNothing()
    {
        var (exitCode, output) = await RunAsync("deploy/prerequisites.sh", "--tests");
        Assert.Equal((0, ""), (exitCode, output));
    }

    [Fact]
    public async Task Prerequisites_WhenPackagesAreMissingAndTheUserIsNotRoot_SayWhatToInstall()
    {
        Fake("dpkg-query", "exit 1");
        Fake("id", "echo 1000");
        var (exitCode, output) = await RunAsync("deploy/prerequisites.sh");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("As root: apt-get install -y --no-install-recommends python3 python3-ipython", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prerequisites_WithoutADotnetThatFits_SayWhatToInstall()
    {
        Fake("dotnet", "echo 8.0.100");
        var (exitCode, output) = await RunAsync("deploy/prerequisites.sh");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("install .NET 10", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Test_WithAnOptionItDoesNotKnow_SaysHowItIsUsed()
    {
        var (exitCode, output) = await RunAsync("deploy/test.sh", "--fast");
        Assert.Equal(2, exitCode);
        Assert.Contains("usage: deploy/test.sh [--quick]", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<testsuites><testsuite><testcase/><testcase/></testsuite></testsuites>", "2 passed, 0 failed, 0 skipped", 0)]
    [InlineData("<testsuite><testcase/></testsuite>", "1 passed, 1 failed, 0 skipped", 1, 134)]
    [InlineData("<testsuite><testcase><failure/></testcase><testcase><skipped/></testcase><testcase/></testsuite>", "1 passed, 1 failed, 1 skipped", 1)]
    [InlineData("<testsuite><testcase><error/></testcase></testsuite>", "0 passed, 1 failed, 0 skipped", 1)]
    [InlineData("<testsuite/>", "0 passed, 1 failed, 0 skipped", 1)]
    [InlineData("<testsuite><testcase>", "0 passed, 1 failed, 0 skipped", 1)]
    [InlineData(null, "0 passed, 1 failed, 0 skipped", 1)]
    [InlineData(
        """<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results><UnitTestResult outcome="Passed"/><UnitTestResult outcome="Failed"/><UnitTestResult outcome="NotExecuted"/><UnitTestResult outcome="Aborted"/></Results></TestRun>""",
        "1 passed, 2 failed, 1 skipped", 1)]
    public async Task Tally_CountsAndFailsWhenAnythingDidNotPass(string? report, string lastLine, int expectedExitCode, int suiteExitCode = 0)
    {
        var path = Path.Combine(_folder.FullName, "report.xml");
        if (report is not null)
            await File.WriteAllTextAsync(path, report);
        var (exitCode, output) = await RunAsync("/usr/bin/python3", "deploy/tally.py", $"{path}={suiteExitCode}");
        Assert.Equal((expectedExitCode, lastLine), (exitCode, output.TrimEnd().Split('\n')[^1]));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Puts a program of this name before all others.</summary>
    private void Fake(string name, string script)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments)
    {
        var command = new ProcessStartInfo(program.StartsWith('/') ? program : Path.Combine(Repository.Root, program), arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        command.Environment["PATH"] = $"{_folder.FullName}:{command.Environment["PATH"]}";
        using var process = Process.Start(command)!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Bound);
        return (process.ExitCode, string.Concat(await output));
    }
}

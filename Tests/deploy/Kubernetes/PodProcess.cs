using System.Diagnostics;
using k8s.Models;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Deploy.Kubernetes;

/// <summary>The program of a pod with the pod's environment, under a silo's restrictions. Its addresses are this machine's loopback.</summary>
internal sealed class PodProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartBound = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopBound = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task _reading;
    private readonly List<string> _log = [];

    private PodProcess(Process process)
    {
        _process = process;
        process.StandardInput.Close();
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public string Log
    {
        get
        {
            lock (_log)
                return string.Join('\n', _log);
        }
    }

    /// <summary>What the kernel says of the process, by name.</summary>
    public IReadOnlyDictionary<string, string> Status => File.ReadLines($"/proc/{_process.Id}/status")
        .Select(line => line.Split(":\t", 2)).ToDictionary(parts => parts[0], parts => parts[^1]);

    /// <summary>Starts it, and waits until it has written a text. <c>elsewhere</c>: what is not as in the cluster, by variable.</summary>
    public static async Task<PodProcess> StartAsync(
        string program, V1Deployment deployment, int redis, DirectoryInfo folder, string until, params (string Name, string Value)[] elsewhere)
    {
        var command = Confinement.Of(
            Path.Combine(Manifests.Root, "seccomp", Path.GetFileName(SiloRules.Profile)),
            "dotnet", Path.Combine(Repository.Root, program, "bin", "Release", "net10.0", $"Sandbox.Cluster.{program}.dll"));
        foreach (var variable in deployment.Spec.Template.Spec.Containers.Single().Env)
        {
            command.Environment[variable.Name] = variable.ValueFrom?.FieldRef?.FieldPath switch
            {
                "metadata.name" => $"{deployment.Metadata.Name}-0",
                "status.podIP" => "127.0.0.1",
                _ => variable.Value.Replace("redis:6379", $"127.0.0.1:{redis}", StringComparison.Ordinal),
            };
        }
        command.Environment["TMPDIR"] = folder.CreateSubdirectory(program).FullName;
        new DirectoryInfo(command.Environment["TMPDIR"]!).UnixFileMode = (UnixFileMode)0x1FF; // Whoever it becomes.
        foreach (var (name, value) in elsewhere)
            command.Environment[name] = value;
        var pod = new PodProcess(Process.Start(command)!);
        try
        {
            using var bound = new CancellationTokenSource(StartBound);
            while (!pod.Log.Contains(until, StringComparison.Ordinal))
            {
                if (pod._process.HasExited)
                    throw new InvalidOperationException("It ended.");
                await Task.Delay(20, bound.Token);
            }
            return pod;
        }
        catch (Exception e)
        {
            await pod.DisposeAsync();
            throw new InvalidOperationException($"{program} did not start. Its log:\n{pod.Log}", e);
        }
    }

    /// <summary>SIGTERM, as the kubelet sends it, and the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        ClusterProcess.Signal(_process.Id, 15);
        await _process.WaitForExitAsync().WaitAsync(StopBound);
        await _reading;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_log)
                _log.Add(line);
        }
    }
}

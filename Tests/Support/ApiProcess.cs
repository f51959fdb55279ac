using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>The real Api with its embedded silo: a process of its own, on a free loopback port, with a data folder of its own.</summary>
public sealed partial class ApiProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task _reading;
    private readonly List<string> _log;
    private readonly TaskCompletionSource<Uri> _address;

    private ApiProcess(Process process)
    {
        _process = process;
        _log = [];
        _address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        Client = null!;
    }

    public HttpClient Client { get; private set; }

    public Uri Address => Client.BaseAddress!;

    public int ProcessId => _process.Id;

    /// <summary>Everything it wrote so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return string.Join('\n', _log);
        }
    }

    /// <summary>Starts an Api and waits until it is ready.</summary>
    public static Task<ApiProcess> StartAsync(string dataDirectory, params (string Name, string Value)[] settings) =>
        StartAsync(dataDirectory, settings, untilReady: true);

    /// <summary>Starts an Api that is not expected to become ready.</summary>
    public static Task<ApiProcess> StartUnreadyAsync(string dataDirectory, params (string Name, string Value)[] settings) =>
        StartAsync(dataDirectory, settings, untilReady: false);

    private static async Task<ApiProcess> StartAsync(string dataDirectory, (string Name, string Value)[] settings, bool untilReady)
    {
        var api = Launch(dataDirectory, settings);
        try
        {
            await api.ListeningAsync(untilReady);
            return api;
        }
        catch (Exception e)
        {
            await api.DisposeAsync();
            throw new InvalidOperationException($"The Api did not become ready. Its log:\n{api.Log}", e);
        }
    }

    /// <summary>Starts an Api that is expected to refuse: its exit code.</summary>
    public static Task<(int ExitCode, string Log)> RefuseAsync(string dataDirectory, params (string Name, string Value)[] settings) =>
        RefuseAsync([], dataDirectory, settings);

    /// <summary>The same, started by another command, which takes the Api's as its last arguments.</summary>
    public static async Task<(int ExitCode, string Log)> RefuseAsync(string[] by, string dataDirectory, params (string Name, string Value)[] settings)
    {
        ArgumentNullException.ThrowIfNull(by);
        await using var api = Launch(dataDirectory, settings, by);
        await api._process.WaitForExitAsync().WaitAsync(StartBound);
        await api._reading;
        return (api._process.ExitCode, api.Log);
    }

    /// <summary>SIGTERM, and the exit code it leads to.</summary>
    public async Task<int> TerminateAsync()
    {
        if (Kill(_process.Id, 15) != 0)
            throw new InvalidOperationException("The process cannot be signalled.");
        await _process.WaitForExitAsync().WaitAsync(StopBound);
        await _reading;
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: what a crash is like.</summary>
    public async Task CrashAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(StopBound);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, 15);
            await _process.WaitForExitAsync().WaitAsync(StopBound).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
        }
        await _reading;
        _process.Dispose();
        Client?.Dispose();
    }

    private static ApiProcess Launch(string dataDirectory, (string Name, string Value)[] settings, params string[] by)
    {
        var dotnet = Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet";
        string[] words = [.. by, dotnet, Path.Combine(AppContext.BaseDirectory, "Sandbox.Cluster.Api.dll")];
        var command = new ProcessStartInfo(words[0])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in words[1..])
            command.ArgumentList.Add(word);
        command.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        command.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        command.Environment["Sandbox__DataDirectory"] = dataDirectory;
        // What it leaves in its temporary folder is then its own.
        command.Environment["TMPDIR"] = Directory.CreateDirectory(Path.Combine(dataDirectory, "tmp")).FullName;
        command.Environment["Sandbox__Interpreters__DriversDirectory"] = Repository.Drivers;
        foreach (var (name, value) in settings)
            command.Environment[name] = value;
        return new ApiProcess(Process.Start(command)!);
    }

    private async Task ListeningAsync(bool untilReady)
    {
        using var bound = new CancellationTokenSource(StartBound);
        var exited = _process.WaitForExitAsync(bound.Token);
        if (await Task.WhenAny(_address.Task, exited) == exited)
            throw new InvalidOperationException("The process ended.");
        Client = new HttpClient { BaseAddress = await _address.Task, Timeout = TimeSpan.FromMinutes(2) };
        if (!untilReady)
            return;
        while (!exited.IsCompleted)
        {
            using var answer = await Client.GetAsync(new Uri("/readyz", UriKind.Relative), bound.Token);
            if (answer.StatusCode == HttpStatusCode.OK)
                return;
            await Task.Delay(20, bound.Token);
        }
        throw new InvalidOperationException("The process ended.");
    }

    private async Task ReadAsync(StreamReader reader)
    {
        const string Listening = "Now listening on: ";
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_log)
                _log.Add(line);
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
                _address.TrySetResult(new Uri(line[(at + Listening.Length)..].Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)));
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}

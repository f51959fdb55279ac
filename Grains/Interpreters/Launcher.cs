using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Isolation;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>
/// One run of a launcher process: the only type that touches it. The launcher ends, and takes its interpreters with it, when
/// its stdin is closed, so it cannot outlive this process however that ends.
/// </summary>
internal sealed partial class Launcher : IAsyncDisposable
{
    // More than the launcher and its outer wall take at most, less than the host gives all of us.
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(25);

    private static readonly byte[] Beat = [1];

    private readonly Process _process;
    private readonly DirectoryInfo _directory;
    private readonly Language _language;
    private readonly ILogger _logger;
    private readonly Task _errors;
    private Task _counting = Task.CompletedTask;
    private volatile int _waiting;
    private int _disposed;

    private Launcher(Process process, DirectoryInfo directory, Language language, ILogger logger)
    {
        _process = process;
        _directory = directory;
        _language = language;
        _logger = logger;
        _errors = LogErrorsAsync();
        Exited = process.WaitForExitAsync();
    }

    /// <summary>Where it accepts connections; each is a home or an interpreter.</summary>
    public string SocketPath => LauncherCommand.SocketIn(_directory);

    /// <summary>How many interpreters wait warm, as of its last word.</summary>
    public int Waiting => _waiting;

    /// <summary>Completes when the process is gone.</summary>
    public Task Exited { get; }

    /// <summary>Starts a launcher and waits until it accepts connections.</summary>
    /// <exception cref="InterpreterUnavailableException">It could not be started; the message says what to do.</exception>
    public static async Task<Launcher> StartAsync(
        Language language, InterpreterOptions options, IsolationReport walls, IsolationOptions isolation, ILogger logger, CancellationToken cancellationToken)
    {
        DirectoryInfo? directory = null;
        Launcher? launcher = null;
        try
        {
            // Not below the data folder: a unix socket's path has at most 107 bytes.
            directory = Directory.CreateTempSubdirectory("sandbox-");
            var clock = Stopwatch.StartNew();
            var process = Process.Start(LauncherCommand.Create(language, options, walls, isolation, directory))
                ?? throw new InterpreterUnavailableException("The launcher's process was not started.");
            launcher = new Launcher(process, directory, language, logger);
            await launcher.ReadyAsync(options.LauncherStartTimeout, cancellationToken);
            launcher._counting = launcher.CountAsync();
            LogReady(logger, language, process.Id, clock.ElapsedMilliseconds);
            return launcher;
        }
        catch (Exception e)
        {
            if (launcher is not null)
                await launcher.DisposeAsync();
            else
                directory?.Delete(recursive: true);
            if (Explain(e, options) is { } explanation)
                throw new InterpreterUnavailableException(explanation, e);
            throw;
        }
    }

    /// <summary>Renews the silo's lease on what runs here. One that is about to end does not hear it, and need not.</summary>
    public async Task BeatAsync()
    {
        try
        {
            await _process.StandardInput.BaseStream.WriteAsync(Beat);
            await _process.StandardInput.BaseStream.FlushAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            LogDeaf(_logger, _language, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _process.StandardInput.Close();
        await Exited.WaitAsync(EndBound).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited)
        {
            LogKilled(_logger, _language, _process.Id);
            _process.Kill(entireProcessTree: true);
            await Exited;
        }
        // Its end can be held up by whoever else holds the other end, in tiers whose processes can outlive their launcher.
        await Task.WhenAll(_errors, _counting).WaitAsync(EndBound).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
        // The launcher removes it as well, in case this process does not live to do it.
        if (Directory.Exists(_directory.FullName))
            _directory.Delete(recursive: true);
    }

    private static string? Explain(Exception e, InterpreterOptions options) => e switch
    {
        Win32Exception => $"{options.PythonPath} cannot be started; install it or set {InterpreterOptions.Section}:PythonPath.",
        IOException or UnauthorizedAccessException => $"No temporary folder: {e.Message} Set TMPDIR to one that can be written.",
        _ => null,
    };

    private async Task ReadyAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        string? line;
        try
        {
            line = await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(timeout, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new InterpreterUnavailableException(
                $"The {_language} launcher was not ready within {timeout.TotalSeconds:0} s.", e);
        }
        if (line != "ready")
        {
            throw new InterpreterUnavailableException(
                $"The {_language} launcher ended before it was ready; its last words are in the log. Run deploy/prerequisites.sh.");
        }
    }

    /// <summary>After each beat it says how many wait.</summary>
    private async Task CountAsync()
    {
        const string Waiting = "waiting ";
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Waiting, StringComparison.Ordinal) && int.TryParse(line.AsSpan(Waiting.Length), CultureInfo.InvariantCulture, out var waiting))
                _waiting = waiting;
        }
    }

    /// <summary>A launcher writes only words of ours to stderr.</summary>
    private async Task LogErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            LogWords(_logger, _language, line);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Language} launcher {Pid} ready after {Milliseconds} ms")]
    private static partial void LogReady(ILogger logger, Language language, int pid, long milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Language} launcher: {Line}")]
    private static partial void LogWords(ILogger logger, Language language, string line);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Language} launcher does not hear its silo")]
    private static partial void LogDeaf(ILogger logger, Language language, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Language} launcher {Pid} did not end when asked and was killed")]
    private static partial void LogKilled(ILogger logger, Language language, int pid);
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>
/// The silo's launchers, one a language, started with the silo. A launcher that dies is started again for the next
/// interpreter that is asked for.
/// </summary>
internal sealed partial class LauncherPool(
    IOptions<InterpreterOptions> options, IOptions<OutputLimits> limits, ILogger<LauncherPool> logger)
    : IInterpreterPool, IHostedService, IAsyncDisposable
{
    private readonly Slot[] _slots = [new(Language.Python), new(Language.TypeScript)];
    private readonly CancellationTokenSource _stopping = new();

    public bool IsReady => Array.TrueForAll(_slots, slot => slot.Current is { Exited.IsCompleted: false });

    public async Task<IInterpreter> StartAsync(Language language, CancellationToken cancellationToken)
    {
        var launcher = await LauncherAsync(_slots[(int)language], cancellationToken);
        return await Interpreter.ConnectAsync(launcher.SocketPath, language, limits.Value, options.Value, cancellationToken);
    }

    /// <summary>Starts the launchers without waiting for them: readiness is asked for by <see cref="IsReady"/>.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var slot in _slots)
            _ = WarmAsync(slot);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        await Task.WhenAll(_slots.Select(async slot =>
        {
            await slot.Starting.WaitAsync();
            if (slot.Current is { } launcher)
                await launcher.DisposeAsync();
        }));
    }

    private async Task WarmAsync(Slot slot)
    {
        try
        {
            await LauncherAsync(slot, _stopping.Token);
        }
        catch (InterpreterUnavailableException e)
        {
            LogUnavailable(logger, slot.Language, e.Message);
        }
        catch (OperationCanceledException)
        {
            // The silo stopped before its launcher was ready.
        }
    }

    private async Task<Launcher> LauncherAsync(Slot slot, CancellationToken cancellationToken)
    {
        if (slot.Current is { Exited.IsCompleted: false } running)
            return running;
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        await slot.Starting.WaitAsync(stopped.Token);
        try
        {
            if (slot.Current is { Exited.IsCompleted: false } started)
                return started;
            if (slot.Current is { } dead)
            {
                LogDied(logger, slot.Language);
                await dead.DisposeAsync();
                slot.Current = null;
            }
            // Not the caller's token: a caller that leaves must not throw away a start that others wait for.
            return slot.Current = await Launcher.StartAsync(slot.Language, options.Value, logger, _stopping.Token);
        }
        finally
        {
            slot.Starting.Release();
        }
    }

    private sealed class Slot(Language language)
    {
        private volatile Launcher? _current;

        public Language Language { get; } = language;

        public SemaphoreSlim Starting { get; } = new(1, 1);

        public Launcher? Current
        {
            get => _current;
            set => _current = value;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "No {Language} interpreters: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, Language language, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The {Language} launcher died; its contexts lost their state; starting another")]
    private static partial void LogDied(ILogger logger, Language language);
}

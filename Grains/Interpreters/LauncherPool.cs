using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Isolation;
using Sandbox.Cluster.Grains.Isolation.Egress;
using Sandbox.Cluster.Grains.Telemetry;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>The silo's launchers, one a language: started with it, kept alive as long as it lives, ended after its grains.</summary>
internal sealed partial class LauncherPool(
    IOptions<InterpreterOptions> options,
    IOptions<IsolationOptions> isolation,
    IOptions<OutputLimits> limits,
    IsolationProbe probe,
    EgressPolicy egressPolicy,
    EgressProxy egressProxy,
    PoolMetrics metrics,
    TimeProvider time,
    ILogger<LauncherPool> logger)
    : IInterpreterPool, IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly Place[] _places = [new(Language.Python), new(Language.TypeScript)];
    private readonly CancellationTokenSource _stopping = new();
    private Task _keeping = Task.CompletedTask;

    public bool IsReady => Array.TrueForAll(_places, place => place.Launcher.IsCompletedSuccessfully);

    public async Task<IHome> OpenHomeAsync(Language language, string tenant, Surroundings surroundings, CancellationToken cancellationToken)
    {
        Launcher launcher;
        try
        {
            launcher = await _places[(int)language].Launcher.WaitAsync(options.Value.StartTimeout, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new InterpreterUnavailableException($"There is no {language} launcher; the log says why.", e);
        }
        var home = await Home.OpenAsync(
            launcher.SocketPath, language, surroundings, limits.Value, EgressOf(tenant, await probe.Report), options.Value, cancellationToken);
        metrics.CountTake(language, home.IsWarm);
        return home;
    }

    /// <summary>Tells every launcher that this silo may run code.</summary>
    public Task BeatAsync() => Task.WhenAll(_places.Select(
        place => place.Launcher.IsCompletedSuccessfully ? place.Launcher.Result.BeatAsync() : Task.CompletedTask));

    /// <summary>Starts the launchers without waiting for them: readiness is asked for by <see cref="IsReady"/>.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.Observe(() => _places.Select(place => (place.Language, place.Launcher.IsCompletedSuccessfully ? place.Launcher.Result.Waiting : 0)));
        _keeping = Task.WhenAll(_places.Select(place => Task.Run(() => KeepAsync(place), CancellationToken.None)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask().WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _keeping;
    }

    /// <summary>Only the tier full has a network of the context's own, where a door can be.</summary>
    private Func<Socket, IAsyncDisposable>? EgressOf(string tenant, IsolationReport report) =>
        report.Tier == IsolationTier.Full && egressPolicy.For(tenant) is { } allowed
            ? listener => egressProxy.Serve(listener, allowed)
            : null;

    /// <summary>One launcher after the other, until the silo stops; one that cannot start is tried again ever more slowly.</summary>
    private async Task KeepAsync(Place place)
    {
        var pause = FirstPause;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var report = await probe.Report.WaitAsync(_stopping.Token);
                await using var launcher = await Launcher.StartAsync(
                    place.Language, options.Value, report, isolation.Value, logger, _stopping.Token);
                place.Take(launcher);
                pause = FirstPause;
                await launcher.Exited.WaitAsync(_stopping.Token);
                place.Leave();
                metrics.CountDeath(place.Language);
                LogDied(logger, place.Language);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                place.Leave();
                return;
            }
            catch (Exception e)
            {
                LogUnavailable(logger, place.Language, e.Message);
            }
            await Task.Delay(pause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Where a language's launcher is, or will be.</summary>
    private sealed class Place(Language language)
    {
        private volatile TaskCompletionSource<Launcher> _launcher = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Language Language { get; } = language;

        public Task<Launcher> Launcher => _launcher.Task;

        public void Take(Launcher launcher) => _launcher.TrySetResult(launcher);

        public void Leave() => _launcher = new TaskCompletionSource<Launcher>(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "No {Language} interpreters: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, Language language, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The {Language} launcher died; its contexts lost their state; starting another")]
    private static partial void LogDied(ILogger logger, Language language);
}

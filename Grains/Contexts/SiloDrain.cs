using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Holds up the shutdown of a silo until its executions have ended and their answers were taken: Orleans waits for calls, and an
/// execution is longer than a call. Stopped before Orleans is.
/// </summary>
internal sealed partial class SiloDrain(IOptions<ContextOptions> options, TimeProvider time, ILogger<SiloDrain> logger) : IHostedService
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isDraining;
    private int _executions;

    /// <summary>An execution was accepted. <see cref="Leave"/> follows in any case.</summary>
    public void Enter()
    {
        lock (_lock)
            _executions++;
    }

    /// <summary>Its answer was taken, or nobody is left to take it.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_executions == 0 && _isDraining)
                _drained.TrySetResult();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _isDraining = true;
            if (_executions == 0)
                return;
            LogDraining(logger, _executions);
        }
        await _drained.Task.WaitAsync(options.Value.DrainTimeout, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        LogDrained(logger, _executions);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Shutting down: {Executions} executions are given time to end")]
    private static partial void LogDraining(ILogger logger, int executions);

    [LoggerMessage(Level = LogLevel.Information, Message = "Shutting down: {Executions} executions are left, and are interrupted")]
    private static partial void LogDrained(ILogger logger, int executions);
}

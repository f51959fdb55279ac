using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>The life of the context as a whole.</summary>
internal sealed partial class ContextGrain : IContextLifecycle
{
    public async Task<LifecycleReply> InterruptRunning(CancellationToken cancellationToken)
    {
        if (await GoneAsync(cancellationToken) is { } gone)
            return gone;
        _queue.Running?.Interrupt(InterruptCause.Requested);
        return LifecycleReply.Done;
    }

    public Task<LifecycleReply> Restart(CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            TurnAway();
            await _session.RestartAsync(_stopping);
            _saves.Arm();
        },
        cancellationToken);

    public Task<LifecycleReply> Delete(CancellationToken cancellationToken) => AloneAsync(DeleteAsync, cancellationToken);

    private async Task DeleteAsync()
    {
        // First of all, so that it holds whatever fails below: who comes from here on is sent to the next activation.
        _faulted = true;
        DeactivateOnIdle();
        TurnAway();
        await _transfers.DisposeAsync();
        // Told before the record goes, so that the tenant's index can find out what became of it.
        await _reservation.TakeAsync();
        await _session.DeleteAsync();
        _reservation.Settle(exists: false);
    }

    /// <summary>Ends what runs, and acts while nothing else uses the interpreter.</summary>
    private async Task<LifecycleReply> AloneAsync(Func<Task> act, CancellationToken cancellationToken)
    {
        if (await GoneAsync(cancellationToken) is { } gone)
            return gone;
        Use();
        _queue.Running?.Interrupt(InterruptCause.Requested);
        // The interrupt ladder bounds how long that takes, and the caller waits no longer than for any call.
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (Gone(_session.Exists) is { } meanwhile)
                return meanwhile;
            await act();
            return LifecycleReply.Done;
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
            return LifecycleReply.Unavailable;
        }
        catch (Exception e)
        {
            LogNotDone(_logger, e);
            return LifecycleReply.Unavailable;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<LifecycleReply?> GoneAsync(CancellationToken cancellationToken) =>
        Gone(_session.Exists && !await HasExpiredAsync(cancellationToken));

    private LifecycleReply? Gone(bool exists)
    {
        if (_stopping.IsCancellationRequested || (_faulted && exists))
            return LifecycleReply.Unavailable;
        if (exists)
            return null;
        if (_queue.IsIdle)
            DeactivateOnIdle();
        return LifecycleReply.NoSuchContext;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A context could not be restarted or deleted")]
    private static partial void LogNotDone(ILogger logger, Exception exception);
}

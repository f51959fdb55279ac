using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>How the session outlives this activation: it is saved when it is quiet, and when the activation goes.</summary>
internal sealed partial class ContextGrain
{
    // Of a session that changed and was not quiet before it was let go, which is rare. A caller waits that long and longer.
    private static readonly TimeSpan LastSave = TimeSpan.FromSeconds(5);

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _saves.Dispose();
        foreach (var waiting in _queue.TakeWaiting())
            waiting.Complete(Refused(RefusalReason.Unavailable));
        // Nothing runs where the context was idle, and nearly always there is nothing to save. Where there is, callers wait.
        foreach (var execution in _executions.Values)
            execution.Interrupt(InterruptCause.ShuttingDown);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(LastSave);
        await HibernateAsync(bound.Token);
        LogDeactivated(_logger, reason.ReasonCode, _session.ExecutionCount);
    }

    /// <summary>
    /// The silo shuts down. What runs has its grace and hands out its answer; then the session is saved, and the next call makes
    /// it wake elsewhere.
    /// </summary>
    private async Task LeaveAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_executions.Values.Select(execution => (Task)execution.HandedOut)).WaitAsync(cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await HibernateAsync(cancellationToken);
        _drain.Remove(this);
        DeactivateOnIdle();
    }

    /// <summary>Saves the session and ends its interpreter. Never faults: what was not saved is told by whoever looks for it.</summary>
    private async Task HibernateAsync(CancellationToken cancellationToken)
    {
        await _transfers.DisposeAsync();
        try
        {
            await _queue.Idle.WaitAsync(cancellationToken);
            if (!_faulted && !await _session.HibernateAsync(cancellationToken))
                LogNotSaved(_logger, _session.ExecutionCount);
        }
        catch (Exception e)
        {
            LogNotHibernated(_logger, e);
        }
        await _session.DisposeAsync();
    }

    /// <summary>Saves a session that has been quiet for a while. Where code runs again, that one's end is the next occasion.</summary>
    private async Task<SaveOutcome> SaveAsync()
    {
        try
        {
            return !_queue.IsIdle || await _session.SaveAsync(_stopping) ? SaveOutcome.Saved : SaveOutcome.None;
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
            return SaveOutcome.Saved;
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            LogNotHibernated(_logger, e);
            return SaveOutcome.StoreFailed;
        }
    }

    /// <summary>Another activation has the context: nothing of this one may run any more.</summary>
    private async Task GiveUpAsync(ContextFencedException exception)
    {
        LogFenced(_logger, exception);
        _faulted = true;
        await _session.DisposeAsync();
        DeactivateOnIdle();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Another activation of this context has taken over; this one ends")]
    private static partial void LogFenced(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A context's session could not be saved")]
    private static partial void LogNotHibernated(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A context is deactivated after {Executions} executions, and its session gave no checkpoint")]
    private static partial void LogNotSaved(ILogger logger, int executions);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A context is deactivated ({Reason}) after {Executions} executions")]
    private static partial void LogDeactivated(ILogger logger, DeactivationReasonCode reason, int executions);
}

using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Telemetry;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>The turn of an execution: from its place in the queue to its answer, and who is told what of the state.</summary>
internal sealed partial class ContextGrain
{
    /// <summary>
    /// Looks after an execution beside the queue: frees the place of one that is interrupted while it waits, and only keeps
    /// it once its result was handed out or nobody is left to take it.
    /// </summary>
    private async Task TendAsync(Execution execution)
    {
        await Task.WhenAny(execution.Interrupted, execution.HandedOut);
        // A client that leaves does both, and either may be seen first.
        if (execution.Interrupted.IsCompleted && _queue.TryRemove(execution))
            execution.Complete(NeverStarted(await execution.Interrupted));
        await execution.HandedOut;
        _executions.Remove(execution.Command.ExecutionId);
        // What was refused is sent again, under the same id; where nobody waits for it, somebody may ask.
        if (!execution.Reply.IsCompleted || await execution.Reply is ExecutionEnded || execution.Command.Delivery == Delivery.Later)
            _kept.Add(execution);
    }

    /// <summary>One turn of the queue.</summary>
    private async Task RunAsync(Execution execution)
    {
        execution.Start();
        var clock = Stopwatch.StartNew();
        var losers = new List<Execution> { execution };
        ExecutionReply reply;
        // Questions to the session have their bounds.
        await _turn.WaitAsync();
        var wait = execution.Age;
        _metrics.CountWait(_language, wait);
        var span = Traces.StartTurn(execution, _language, wait, _metrics.TenantOf(_key));
        try
        {
            // Of what came before its state ended it has been told already.
            reply = execution.Reply.IsCompleted ? await execution.Reply : await ReplyToAsync(execution, losers);
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
            reply = Refused(RefusalReason.Unavailable);
        }
        catch (Exception e)
        {
            LogFault(_logger, execution.Command.ExecutionId, e);
            reply = NotRun(ErrorKind.InternalError, "The context could not be made ready. The code was not run.");
        }
        finally
        {
            _turn.Release();
        }
        Remember(execution, reply);
        reply = execution.Complete(reply);
        span.End(reply);
        var result = (reply as ExecutionEnded)?.Result;
        LogEnded(_logger, execution.Command.ExecutionId, clock.ElapsedMilliseconds, result?.Error?.Kind, result?.State);

        // A stored answer tells of the state as it was then; what there is to tell of it now is still owed.
        if (reply is ExecutionEnded { StoredOf: null, Result.State: ContextState.Lost or ContextState.RolledBack or ContextState.Restored })
            await TellAsync(losers);
        if (_faulted)
        {
            foreach (var waiting in _queue.TakeWaiting())
                waiting.Complete(Refused(RefusalReason.Unavailable));
        }
        Use();
        _saves.Arm();
    }

    /// <param name="execution">Whose turn it is.</param>
    /// <param name="losers">Gets those that were waiting when the state was lost: they are told of it as well.</param>
    private async Task<ExecutionReply> ReplyToAsync(Execution execution, List<Execution> losers)
    {
        var mayTryAgain = true;
        while (true)
        {
            if (execution.Interrupted.IsCompleted)
                return NeverStarted(await execution.Interrupted);

            // What is in no checkpoint went with the interpreter: nobody can tell whether this is part of it.
            if (execution.Command.Age is not null && _session.IsBroken)
                return new ExecutionInDoubt();

            var found = _session.Exists ? ContextState.Kept : ContextState.New;
            var isNew = found == ContextState.New;
            if (isNew && await ReserveAsync(execution) is { } refusal)
                return refusal;
            try
            {
                found = await _session.EnsureInterpreterAsync(_language, _stopping);
            }
            catch (OperationCanceledException)
            {
                return NeverStarted(InterruptCause.ShuttingDown);
            }
            catch (InterpreterUnavailableException e)
            {
                LogUnavailable(_logger, execution.Command.ExecutionId, e.Message);
                return NotRun(ErrorKind.InternalError, "No interpreter could be started. The code was not run.", found);
            }
            finally
            {
                if (isNew)
                    _reservation.Settle(_session.Exists);
            }
            if (found == ContextState.Lost)
                return Lost();
            // Whoever left while the interpreter started wants none of this to run.
            if (execution.Interrupted.IsCompleted)
                return NeverStarted(await execution.Interrupted, found);

            if (FindStored(execution.Command) is { } stored)
                return stored;

            var restoredTo = _session.RestoredTo;
            var count = await _session.BeginExecutionAsync();
            Run run;
            using (_metrics.BeginRun(_language))
                run = await _runner.RunAsync(_session.Interpreter!, execution, count);
            switch (run.End)
            {
                case RunEnd.Done:
                    return Ended(execution, run, count, found, restoredTo);
                case RunEnd.InterpreterLost:
                    return await EndedWithInterpreterAsync(execution, run, count, losers);
                case RunEnd.NeverStarted when mayTryAgain:
                    // Older than this execution: what is left is looked for, and the code runs in that.
                    await _session.TakeBackExecutionAsync();
                    mayTryAgain = false;
                    break;
                default:
                    await _session.TakeBackExecutionAsync();
                    return NotRun(ErrorKind.InternalError, "The interpreter ended as soon as it had started. The code was not run.", found);
            }
        }
    }

    /// <summary>The code ran and its output is here: that is the answer, whatever can be said of the state.</summary>
    private async Task<ExecutionEnded> EndedWithInterpreterAsync(Execution execution, Run run, int count, List<Execution> losers)
    {
        // Whoever comes from here on comes after the break.
        var waiting = _queue.Waiting;
        var fate = ContextState.Lost;
        int? restoredTo = null;
        try
        {
            fate = await _session.BreakAsync();
            restoredTo = _session.RestoredTo;
            if (fate == ContextState.RolledBack && !_stopping.IsCancellationRequested)
                fate = await _session.EnsureInterpreterAsync(_language, _stopping);
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
        }
        catch (Exception e)
        {
            // What remains is found out, and told, by whoever comes next.
            LogFault(_logger, execution.Command.ExecutionId, e);
        }
        if (fate == ContextState.Lost)
            losers.AddRange(waiting.Where(_queue.TryRemove));
        return Ended(execution, run, count, fate, fate == ContextState.RolledBack ? restoredTo : null);
    }

    /// <summary>
    /// The state ends now, on purpose, by one who has the turn. Whoever is in the queue counted on it, and is told; what they sent
    /// does not run.
    /// </summary>
    private void TurnAway()
    {
        foreach (var execution in _queue.All.ToArray())
            execution.Complete(Lost());
        _queue.TakeWaiting();
    }

    /// <summary>Counts a context that is about to be created; null when it may be.</summary>
    private async Task<ExecutionRefused?> ReserveAsync(Execution execution)
    {
        try
        {
            if (await _reservation.TakeAsync())
                return null;
            _ = GoOnceToldAsync(execution);
            return Refused(RefusalReason.ContextQuota);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return Refused(RefusalReason.Unavailable);
        }
    }

    /// <summary>A context that may not be created does not keep a place either.</summary>
    private async Task GoOnceToldAsync(Execution execution)
    {
        await execution.HandedOut;
        if (_queue.IsIdle && !_session.Exists)
            DeactivateOnIdle();
    }

    /// <summary>
    /// Tells what has become of the state, and goes on only when somebody has taken that answer or all of them are gone: then
    /// it stays owed to whoever comes next.
    /// </summary>
    private async Task TellAsync(List<Execution> told)
    {
        foreach (var loser in told)
            loser.Complete(Lost());
        try
        {
            if (Array.Exists(await Task.WhenAll(told.Select(one => one.HandedOut)), handedOut => handedOut))
                await _session.SettleAsync();
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
        }
        catch (Exception e)
        {
            LogFault(_logger, told[0].Command.ExecutionId, e);
        }
    }

    private ExecutionEnded Ended(Execution execution, Run run, int count, ContextState state, int? restoredTo)
    {
        var error = RunError.Of(run, execution.Command.Timeout, state, restoredTo);
        _metrics.CountExecution(_key, _language, run.Duration, error?.Kind);
        return new ExecutionEnded(new ExecutionResult(run.Items, run.Stdout, run.Stderr, error, count, state, _session.Incarnation, restoredTo));
    }

    private ExecutionEnded Lost() => NotRun(
        ErrorKind.ContextLost,
        "The context's interpreter was lost and its state with it. The code was not run; the next call runs in a new interpreter.",
        ContextState.Lost);

    /// <summary>What a silo that leaves did not begin can be sent again at once: another will take it.</summary>
    private ExecutionReply NeverStarted(InterruptCause cause, ContextState? state = null) => cause == InterruptCause.ShuttingDown
        ? Refused(RefusalReason.Unavailable)
        : NotRun(
            ErrorKind.Interrupted, $"The execution was interrupted before it started: {cause.Describe()}. The code was not run.", state);

    private ExecutionEnded NotRun(ErrorKind kind, string value, ContextState? state = null) => new(new ExecutionResult(
        [], [], [], ExecutionError.Of(kind, value), null, state ?? (_session.Exists ? ContextState.Kept : null), _session.Incarnation));

    [LoggerMessage(Level = LogLevel.Debug, Message = "Execution {ExecutionId} ended after {Milliseconds} ms: {Error} {State}")]
    private static partial void LogEnded(ILogger logger, string executionId, long milliseconds, ErrorKind? error, ContextState? state);

    [LoggerMessage(Level = LogLevel.Error, Message = "Execution {ExecutionId} got no interpreter: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string executionId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A context could not be made ready, or its record not be written, at execution {ExecutionId}")]
    private static partial void LogFault(ILogger logger, string executionId, Exception exception);
}

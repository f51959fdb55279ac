using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;
using Sandbox.Cluster.Grains.Capacity;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Grains.Inquiries;
using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Tenants;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Represents one context. Owns its interpreter and runs its executions in turn; keeps the results that are still waited
/// for. Updates nothing but its own record.
/// </summary>
/// <remarks>Never moved: what it owns is a process of this machine.</remarks>
[Immovable, ContextPlacement, CollectionAgeLimit(Minutes = 2)]
internal sealed partial class ContextGrain : Grain, IContextGrain, IAsyncDisposable
{
    // Of a session that changed and was not quiet before it was let go, which is rare. A caller waits that long and longer.
    private static readonly TimeSpan LastSave = TimeSpan.FromSeconds(5);

    private readonly Session _session;
    private readonly ExecutionRunner _runner;
    private readonly ExecutionQueue _queue;
    private readonly Dictionary<string, Execution> _executions = new(StringComparer.Ordinal);
    private readonly ContextOptions _options;
    private readonly CancellationToken _stopping;
    private readonly TimeProvider _time;
    private readonly ILogger<ContextGrain> _logger;
    private readonly SiloSlots _slots;
    private readonly SiloDrain _drain;
    private readonly QuietSaves _saves;
    private readonly ContextKey _key;
    private readonly ContextReservation _reservation;
    private bool _hasSlot;
    private Language _language;
    private bool _faulted;

    public ContextGrain(
        [PersistentState(ContextRecords.Name, ContextRecord.Storage)] IPersistentState<ContextRecord> record,
        IInterpreterPool interpreters,
        CheckpointArchive archive,
        ExecutionRunner runner,
        IOptions<ContextOptions> options,
        IOptions<CheckpointOptions> checkpoints,
        IOptions<FileTransferOptions> fileOptions,
        SiloSlots slots,
        SiloDrain drain,
        IHostApplicationLifetime lifetime,
        TimeProvider time,
        ILogger<ContextGrain> logger)
    {
        _slots = slots;
        _options = options.Value;
        _drain = drain;
        _key = ContextKey.Parse(this.GetPrimaryKeyString());
        _reservation = new ContextReservation(GrainFactory, _key);
        _session = new Session(_key, new FencedRecord(record), interpreters, archive, checkpoints, time, logger);
        _saves = new QuietSaves(SaveAsync, checkpoints.Value.QuietPeriod);
        _runner = runner;
        _inquiryRunner = new InquiryRunner(time);
        _transfers = new FileTransfers(fileOptions.Value, time);
        _queue = new ExecutionQueue(_options.MaxQueuedExecutions, RunAsync);
        _stopping = lifetime.ApplicationStopping;
        _time = time;
        _logger = logger;
    }

    public async Task<ExecutionReply> Execute(ExecuteCommand command, CancellationToken cancellationToken)
    {
        // The first command decides; until its record is written the choice lives here, and only as long as it runs.
        if (_session.Exists || _queue.IsIdle)
            _language = _session.Language ?? command.Language ?? Language.Python;
        if (command.Language is { } named && named != _language)
            return Refused(RefusalReason.LanguageMismatch);
        if (_stopping.IsCancellationRequested || _faulted)
        {
            // Whoever comes now is served elsewhere, as soon as this activation is gone. This one may be too new to be drained.
            if (_queue.IsIdle && _session.Interpreter is null)
                DeactivateOnIdle();
            return Refused(RefusalReason.Unavailable);
        }

        // Before there is an execution: one that is refused would have to be undone.
        if (_queue.IsFull)
            return Refused(RefusalReason.QueueFull);

        var execution = new Execution(command, _options.FollowerLease, _options.DrainGrace, _time, _stopping);
        _queue.Add(execution);
        _executions.Add(command.ExecutionId, execution);
        _ = TendAsync(execution);
        if (command.Delivery == Delivery.Answer)
            return await AnswerAsync(execution, cancellationToken);
        execution.Renew();
        return new ExecutionPending();
    }

    public async Task<ExecutionReply> Follow(string executionId, CancellationToken cancellationToken) =>
        _executions.TryGetValue(executionId, out var execution)
            ? await AnswerAsync(execution, cancellationToken)
            : new ExecutionUnknown();

    public Task Interrupt(string executionId, InterruptCause cause, CancellationToken cancellationToken)
    {
        if (_executions.TryGetValue(executionId, out var execution))
            execution.Interrupt(cause);
        return Task.CompletedTask;
    }

    public Task<ContextDescription?> Describe(CancellationToken cancellationToken)
    {
        var isAsleep = _session.Interpreter is null && _queue.IsIdle;
        // Activated for this question alone, it goes again: it would hold a place that others may need.
        if (isAsleep && _executions.Count == 0)
            DeactivateOnIdle();
        var asleep = _session.Record is { } record ? ContextRecords.Describe(record, _key.ContextId) : null;
        return Task.FromResult(isAsleep || asleep is null ? asleep : asleep with
        {
            Activity = _queue.IsIdle ? ContextActivity.Idle : ContextActivity.Running,
            ExecutionCount = _session.ExecutionCount,
            LastUsedAt = _session.LastUsedAt ?? asleep.LastUsedAt,
        });
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // Who placed it here may have known less than this silo does.
        _hasSlot = _slots.TryTake();
        if (!_hasSlot)
            throw new ClusterFullException();
        _saves.Start(this);
        var scheduler = TaskScheduler.Current;
        _drain.Add(this, token => Task.Factory.StartNew(() => LeaveAsync(token), CancellationToken.None, TaskCreationOptions.None, scheduler).Unwrap());
        return Task.CompletedTask;
    }

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

    /// <summary>Orleans disposes every activation, also one whose deactivation was cut short.</summary>
    public async ValueTask DisposeAsync()
    {
        _drain.Remove(this);
        _saves.Dispose();
        await _transfers.DisposeAsync();
        await _session.DisposeAsync();
        if (!_hasSlot)
            return;
        _hasSlot = false;
        _slots.Release();
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

    private async Task<ExecutionReply> AnswerAsync(Execution execution, CancellationToken cancellationToken) =>
        await execution.EndsWithinAsync(_options.AnswerWithin, cancellationToken)
            ? await execution.Reply
            : new ExecutionPending();

    /// <summary>
    /// Looks after an execution beside the queue: frees the place of one that is interrupted while it waits, and forgets it
    /// once its result was handed out or nobody is left to take it.
    /// </summary>
    private async Task TendAsync(Execution execution)
    {
        if (await Task.WhenAny(execution.Interrupted, execution.HandedOut) == execution.Interrupted && _queue.TryRemove(execution))
            execution.Complete(NeverStarted(await execution.Interrupted));
        await execution.HandedOut;
        _executions.Remove(execution.Command.ExecutionId);
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
        try
        {
            reply = await ReplyToAsync(execution, losers);
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
        execution.Complete(reply);
        var result = (reply as ExecutionEnded)?.Result;
        LogEnded(_logger, execution.Command.ExecutionId, clock.ElapsedMilliseconds, result?.Error?.Kind, result?.State);

        if (result?.State is ContextState.Lost or ContextState.RolledBack or ContextState.Restored)
            await TellAsync(losers);
        if (_faulted)
        {
            foreach (var waiting in _queue.TakeWaiting())
                waiting.Complete(Refused(RefusalReason.Unavailable));
        }
        DelayDeactivation(_options.IdleTimeout);
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

            var restoredTo = _session.RestoredTo;
            var count = await _session.BeginExecutionAsync();
            var run = await _runner.RunAsync(_session.Interpreter!, execution, count);
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

    /// <summary>Saves a session that has been quiet for a while. False: to be tried again.</summary>
    private async Task<bool> SaveAsync()
    {
        try
        {
            return !_queue.IsIdle || await _session.SaveAsync(_stopping);
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
            return true;
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            LogNotHibernated(_logger, e);
            return false;
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

    private ExecutionEnded Ended(Execution execution, Run run, int count, ContextState state, int? restoredTo) => new(new ExecutionResult(
        run.Items, run.Stdout, run.Stderr, RunError.Of(run, execution.Command.Timeout, state, restoredTo), count, state, _session.Incarnation, restoredTo));

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

    private ExecutionRefused Refused(RefusalReason reason) => new(reason, _language);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Execution {ExecutionId} ended after {Milliseconds} ms: {Error} {State}")]
    private static partial void LogEnded(ILogger logger, string executionId, long milliseconds, ErrorKind? error, ContextState? state);

    [LoggerMessage(Level = LogLevel.Error, Message = "Execution {ExecutionId} got no interpreter: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string executionId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A context could not be made ready, or its record not be written, at execution {ExecutionId}")]
    private static partial void LogFault(ILogger logger, string executionId, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Another activation of this context has taken over; this one ends")]
    private static partial void LogFenced(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A context's session could not be saved")]
    private static partial void LogNotHibernated(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A context is deactivated after {Executions} executions, and its session gave no checkpoint")]
    private static partial void LogNotSaved(ILogger logger, int executions);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A context is deactivated ({Reason}) after {Executions} executions")]
    private static partial void LogDeactivated(ILogger logger, DeactivationReasonCode reason, int executions);
}

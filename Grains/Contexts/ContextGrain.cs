using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;
using Sandbox.Cluster.Grains.Capacity;
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
    private readonly Session _session;
    private readonly ExecutionRunner _runner;
    private readonly ExecutionQueue _queue;
    private readonly Dictionary<string, Execution> _executions = new(StringComparer.Ordinal);
    private readonly ContextOptions _options;
    private readonly CancellationToken _stopping;
    private readonly TimeProvider _time;
    private readonly ILogger<ContextGrain> _logger;
    private readonly SiloSlots _slots;
    private readonly ContextKey _key;
    private readonly ContextReservation _reservation;
    private bool _hasSlot;
    private Language _language;
    private bool _faulted;

    public ContextGrain(
        [PersistentState(ContextRecords.Name, ContextRecord.Storage)] IPersistentState<ContextRecord> record,
        IInterpreterPool interpreters,
        ExecutionRunner runner,
        IOptions<ContextOptions> options,
        SiloSlots slots,
        IHostApplicationLifetime lifetime,
        TimeProvider time,
        ILogger<ContextGrain> logger)
    {
        _slots = slots;
        _options = options.Value;
        _key = ContextKey.Parse(this.GetPrimaryKeyString());
        _reservation = new ContextReservation(GrainFactory, _key);
        _session = new Session(record, interpreters, _key.Tenant, time);
        _runner = runner;
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
            return Refused(RefusalReason.Unavailable);

        // Before there is an execution: one that is refused would have to be undone.
        if (_queue.IsFull)
            return Refused(RefusalReason.QueueFull);

        var execution = new Execution(command, _options.FollowerLease, _time, _stopping);
        _queue.Add(execution);
        _executions.Add(command.ExecutionId, execution);
        _ = TendAsync(execution);
        return await AnswerAsync(execution, cancellationToken);
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
        return _hasSlot ? Task.CompletedTask : throw new ClusterFullException();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        foreach (var waiting in _queue.TakeWaiting())
            waiting.Complete(Refused(RefusalReason.Unavailable));
        await _session.DisposeAsync();
        LogDeactivated(_logger, reason.ReasonCode, _session.ExecutionCount);
    }

    /// <summary>Orleans disposes every activation, also one whose deactivation was cut short.</summary>
    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        if (!_hasSlot)
            return;
        _hasSlot = false;
        _slots.Release();
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
        var clock = Stopwatch.StartNew();
        var losers = new List<Execution> { execution };
        ExecutionReply reply;
        try
        {
            reply = await ReplyToAsync(execution, losers);
        }
        catch (Exception e)
        {
            reply = NotRun(ErrorKind.InternalError, "The context could not be made ready. The code was not run.");
            GiveUp(execution, e);
        }
        execution.Complete(reply);
        var result = (reply as ExecutionEnded)?.Result;
        LogEnded(_logger, execution.Command.ExecutionId, clock.ElapsedMilliseconds, result?.Error?.Kind, result?.State);

        if (result?.State == ContextState.Lost)
            await TellLossAsync(losers);
        if (_faulted)
        {
            foreach (var waiting in _queue.TakeWaiting())
                waiting.Complete(Refused(RefusalReason.Unavailable));
        }
        DelayDeactivation(_options.IdleTimeout);
    }

    /// <param name="execution">Whose turn it is.</param>
    /// <param name="losers">Gets those that were waiting when the state was lost: they are told of it as well.</param>
    private async Task<ExecutionReply> ReplyToAsync(Execution execution, List<Execution> losers)
    {
        if (execution.Interrupted.IsCompleted)
            return NeverStarted(await execution.Interrupted);

        var state = _session.Exists ? ContextState.Kept : ContextState.New;
        if (state == ContextState.New && await ReserveAsync(execution) is { } refusal)
            return refusal;
        try
        {
            if (!await _session.EnsureInterpreterAsync(_language, _stopping))
                return Lost();
        }
        catch (OperationCanceledException)
        {
            return NeverStarted(InterruptCause.ShuttingDown);
        }
        catch (InterpreterUnavailableException e)
        {
            LogUnavailable(_logger, execution.Command.ExecutionId, e.Message);
            return NotRun(ErrorKind.InternalError, "No interpreter could be started. The code was not run.", state);
        }
        finally
        {
            if (state == ContextState.New)
                _reservation.Settle(_session.Exists);
        }
        // Whoever left while the interpreter started wants none of this to run.
        if (execution.Interrupted.IsCompleted)
            return NeverStarted(await execution.Interrupted, state);

        var count = _session.CountExecution();
        var run = await _runner.RunAsync(_session.Interpreter!, execution, count);
        if (run.End == RunEnd.Done)
            return Ended(run, count, state);

        // Whoever comes from here on comes after the loss. Where the code was not even started the loss is older, and all that
        // wait came after it.
        if (run.End == RunEnd.InterpreterLost)
            losers.AddRange(_queue.TakeWaiting());
        try
        {
            await _session.LoseAsync();
        }
        catch (Exception e)
        {
            // The code ran and its output is here: that is the answer, whatever storage says.
            GiveUp(execution, e);
        }
        return run.End == RunEnd.NeverStarted ? Lost() : Ended(run, count, ContextState.Lost);
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
    /// Tells of a loss, and goes on only when somebody has taken that answer or all of them are gone: then it stays owed to
    /// whoever comes next.
    /// </summary>
    private async Task TellLossAsync(List<Execution> losers)
    {
        foreach (var loser in losers)
            loser.Complete(Lost());
        try
        {
            if (Array.Exists(await Task.WhenAll(losers.Select(loser => loser.HandedOut)), handedOut => handedOut))
                await _session.SettleLossAsync();
        }
        catch (Exception e)
        {
            GiveUp(losers[0], e);
        }
    }

    /// <summary>What memory says may not be what storage holds: this activation takes nothing more, the next reads it anew.</summary>
    private void GiveUp(Execution execution, Exception exception)
    {
        LogFault(_logger, execution.Command.ExecutionId, exception);
        _faulted = true;
        DeactivateOnIdle();
    }

    private ExecutionEnded Ended(Run run, int count, ContextState state) =>
        new(new ExecutionResult(run.Items, run.Stdout, run.Stderr, run.Error, count, state, _session.Incarnation));

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

    [LoggerMessage(Level = LogLevel.Error, Message = "A context failed at execution {ExecutionId} and is deactivated")]
    private static partial void LogFault(ILogger logger, string executionId, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A context is deactivated ({Reason}) after {Executions} executions")]
    private static partial void LogDeactivated(ILogger logger, DeactivationReasonCode reason, int executions);
}

using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Represents one context. Owns its interpreter and runs its executions in turn; keeps the results that are still waited
/// for. Updates nothing but its own record.
/// </summary>
/// <remarks>Never moved: what it owns is a process of this machine.</remarks>
[Immovable, CollectionAgeLimit(Minutes = 2)]
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
    private Language _language;
    private bool _faulted;

    public ContextGrain(
        [PersistentState("context", ContextRecord.Storage)] IPersistentState<ContextRecord> record,
        IInterpreterPool interpreters,
        ExecutionRunner runner,
        IOptions<ContextOptions> options,
        IHostApplicationLifetime lifetime,
        TimeProvider time,
        ILogger<ContextGrain> logger)
    {
        _options = options.Value;
        _session = new Session(record, interpreters, ContextKey.Parse(this.GetPrimaryKeyString()).Tenant, time);
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
            return new ExecutionRefused(RefusalReason.LanguageMismatch, _language);
        if (_stopping.IsCancellationRequested || _faulted)
            return new ExecutionRefused(RefusalReason.Unavailable, _language);

        var execution = new Execution(command, _options.FollowerLease, _time, _stopping);
        if (!_queue.TryAdd(execution))
            return new ExecutionRefused(RefusalReason.QueueFull, _language);
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

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        foreach (var waiting in _queue.TakeWaiting())
            waiting.Complete(NotRun(ErrorKind.InternalError, "The context was deactivated before the code was run. The code was not run."));
        await _session.DisposeAsync();
        LogDeactivated(_logger, reason.ReasonCode, _session.ExecutionCount);
    }

    /// <summary>Orleans disposes every activation, also one whose deactivation was cut short.</summary>
    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private async Task<ExecutionReply> AnswerAsync(Execution execution, CancellationToken cancellationToken) =>
        await execution.EndsWithinAsync(_options.AnswerWithin, cancellationToken)
            ? new ExecutionEnded(await execution.Result)
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
        ExecutionResult result;
        try
        {
            result = await ResultOfAsync(execution);
        }
        catch (Exception e)
        {
            result = NotRun(ErrorKind.InternalError, "The context could not be made ready. The code was not run.");
            GiveUp(execution, e);
        }
        execution.Complete(result);
        LogEnded(_logger, execution.Command.ExecutionId, clock.ElapsedMilliseconds, result.Error?.Kind, result.State);

        if (result.State == ContextState.Lost)
            await TellLossAsync(execution);
        if (_faulted)
            CompleteWaiting(NotRun(ErrorKind.InternalError, "The context failed before the code's turn. The code was not run."));
        DelayDeactivation(_options.IdleTimeout);
    }

    private async Task<ExecutionResult> ResultOfAsync(Execution execution)
    {
        if (execution.Interrupted.IsCompleted)
            return NeverStarted(await execution.Interrupted);

        var state = _session.Exists ? ContextState.Kept : ContextState.New;
        try
        {
            if (!await _session.EnsureInterpreterAsync(_language, _stopping))
                return Lost();
        }
        catch (OperationCanceledException)
        {
            return NeverStarted(InterruptCause.ShuttingDown) with { State = state };
        }
        catch (InterpreterUnavailableException e)
        {
            LogUnavailable(_logger, execution.Command.ExecutionId, e.Message);
            return NotRun(ErrorKind.InternalError, "No interpreter could be started. The code was not run.") with { State = state };
        }
        // Whoever left while the interpreter started wants none of this to run.
        if (execution.Interrupted.IsCompleted)
            return NeverStarted(await execution.Interrupted) with { State = state };

        var count = _session.CountExecution();
        var run = await _runner.RunAsync(_session.Interpreter!, execution, count);
        if (run.End == RunEnd.Done)
            return new ExecutionResult(run.Items, run.Stdout, run.Stderr, run.Error, count, state, _session.Incarnation);

        try
        {
            await _session.LoseAsync();
        }
        catch (Exception e)
        {
            // The code ran and its output is here: that is the answer, whatever storage says.
            GiveUp(execution, e);
        }
        return run.End == RunEnd.NeverStarted
            ? Lost()
            : new ExecutionResult(run.Items, run.Stdout, run.Stderr, run.Error, count, ContextState.Lost, _session.Incarnation);
    }

    /// <summary>
    /// Tells everybody who waited of a loss, and goes on only when somebody has taken that answer or all of them are gone:
    /// then it stays owed to whoever comes next.
    /// </summary>
    private async Task TellLossAsync(Execution execution)
    {
        var told = CompleteWaiting(Lost()).Append(execution).Select(loser => loser.HandedOut).ToList();
        try
        {
            if (Array.Exists(await Task.WhenAll(told), handedOut => handedOut))
                await _session.SettleLossAsync();
        }
        catch (Exception e)
        {
            GiveUp(execution, e);
        }
    }

    private IReadOnlyList<Execution> CompleteWaiting(ExecutionResult result)
    {
        var waiting = _queue.TakeWaiting();
        foreach (var execution in waiting)
            execution.Complete(result);
        return waiting;
    }

    /// <summary>What memory says may not be what storage holds: this activation takes nothing more, the next reads it anew.</summary>
    private void GiveUp(Execution execution, Exception exception)
    {
        LogFault(_logger, execution.Command.ExecutionId, exception);
        _faulted = true;
        DeactivateOnIdle();
    }

    private ExecutionResult Lost() => NotRun(
        ErrorKind.ContextLost,
        "The context's interpreter was lost and its state with it. The code was not run; the next call runs in a new interpreter.")
        with
    { State = ContextState.Lost };

    private ExecutionResult NeverStarted(InterruptCause cause) => NotRun(
        ErrorKind.Interrupted, $"The execution was interrupted before it started: {cause.Describe()}. The code was not run.");

    private ExecutionResult NotRun(ErrorKind kind, string value) =>
        new([], [], [], ExecutionError.Of(kind, value), null, _session.Exists ? ContextState.Kept : null, _session.Incarnation);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Execution {ExecutionId} ended after {Milliseconds} ms: {Error} {State}")]
    private static partial void LogEnded(ILogger logger, string executionId, long milliseconds, ErrorKind? error, ContextState? state);

    [LoggerMessage(Level = LogLevel.Error, Message = "Execution {ExecutionId} got no interpreter: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string executionId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A context failed at execution {ExecutionId} and is deactivated")]
    private static partial void LogFault(ILogger logger, string executionId, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A context is deactivated ({Reason}) after {Executions} executions")]
    private static partial void LogDeactivated(ILogger logger, DeactivationReasonCode reason, int executions);
}

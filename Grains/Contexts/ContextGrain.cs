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
    private Language? _language;

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
        _session = new Session(record, interpreters, time);
        _runner = runner;
        _queue = new ExecutionQueue(_options.MaxQueuedExecutions, RunAsync);
        _stopping = lifetime.ApplicationStopping;
        _time = time;
        _logger = logger;
    }

    public async Task<ExecutionReply> Execute(ExecuteCommand command, CancellationToken cancellationToken)
    {
        // The first command decides; until its record is written the choice lives here.
        _language ??= _session.Language ?? command.Language ?? Language.Python;
        if (command.Language is { } named && named != _language)
            return new ExecutionRefused(RefusalReason.LanguageMismatch, _language.Value);
        if (_stopping.IsCancellationRequested)
            return new ExecutionRefused(RefusalReason.ShuttingDown, _language.Value);

        var execution = new Execution(command, _options.FollowerLease, _time, _stopping);
        if (!_queue.TryAdd(execution))
        {
            execution.Dispose();
            return new ExecutionRefused(RefusalReason.QueueFull, _language.Value);
        }
        _executions.Add(command.ExecutionId, execution);
        return await AnswerAsync(execution, cancellationToken);
    }

    public async Task<ExecutionReply> Follow(string executionId, CancellationToken cancellationToken) =>
        _executions.TryGetValue(executionId, out var execution)
            ? await AnswerAsync(execution, cancellationToken)
            : new ExecutionUnknown();

    public Task Interrupt(string executionId, InterruptCause cause, CancellationToken cancellationToken)
    {
        if (_executions.TryGetValue(executionId, out var execution))
        {
            execution.Interrupt(cause);
            Withdraw(execution);
        }
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _session.DisposeAsync();
        LogDeactivated(_logger, reason.ReasonCode, _session.ExecutionCount);
    }

    /// <summary>Orleans disposes every activation, also one whose deactivation was cut short.</summary>
    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private async Task<ExecutionReply> AnswerAsync(Execution execution, CancellationToken cancellationToken)
    {
        if (!await execution.EndsWithinAsync(_options.AnswerWithin, cancellationToken))
        {
            if (execution.Interrupted.IsCompleted)
                Withdraw(execution);
            return new ExecutionPending();
        }
        _executions.Remove(execution.Command.ExecutionId);
        return new ExecutionEnded(await execution.Result);
    }

    /// <summary>Frees the place of an execution that was interrupted while it waited.</summary>
    private void Withdraw(Execution execution)
    {
        if (!_queue.TryRemove(execution))
            return;
        execution.Complete(NeverStarted(execution.Interrupted.Result));
        ForgetUnasked(execution);
    }

    /// <summary>One turn of the queue. Never faults: a queue whose turn failed would stand still.</summary>
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
            LogFault(_logger, execution.Command.ExecutionId, e);
            result = NotRun(ErrorKind.InternalError, "The context's interpreter could not be made ready. The code was not run.", _session.State);
            // What memory says of the record may not be what storage holds: the next activation reads it anew.
            DeactivateOnIdle();
        }

        execution.Complete(result);
        LogEnded(_logger, execution.Command.ExecutionId, clock.ElapsedMilliseconds, result.Error?.Kind, result.State);
        if (result.State == ContextState.Lost)
        {
            foreach (var waiting in _queue.TakeWaiting())
                waiting.Complete(Lost());
        }
        ForgetUnasked(execution);
        DelayDeactivation(_options.IdleTimeout);
    }

    private async Task<ExecutionResult> ResultOfAsync(Execution execution)
    {
        if (execution.Interrupted.IsCompleted)
            return NeverStarted(await execution.Interrupted);

        var state = _session.State;
        try
        {
            state = await _session.EnsureInterpreterAsync(_language!.Value, _stopping);
        }
        catch (InterpreterUnavailableException e)
        {
            LogUnavailable(_logger, execution.Command.ExecutionId, e.Message);
            return NotRun(ErrorKind.InternalError, "No interpreter could be started. The code was not run.", state);
        }
        if (state == ContextState.Lost)
            return Lost();

        var count = _session.CountExecution();
        var run = await _runner.RunAsync(_session.Interpreter!, execution, count);
        if (run.StateIsLost)
        {
            await _session.LoseAsync();
            state = ContextState.Lost;
        }
        return new ExecutionResult(run.Items, run.Stdout, run.Stderr, run.Error, count, state, _session.Incarnation);
    }

    private ExecutionResult Lost() => NotRun(
        ErrorKind.ContextLost,
        "The context's interpreter was lost and its state with it. The code was not run; the next call runs in a new interpreter.",
        ContextState.Lost);

    private ExecutionResult NeverStarted(InterruptCause cause) => NotRun(
        ErrorKind.Interrupted,
        $"The execution was interrupted before it started: {ExecutionRunner.Describe(cause)}. The code was not run. The context's state is kept.",
        _session.State);

    private ExecutionResult NotRun(ErrorKind kind, string value, ContextState state) =>
        new([], [], [], ExecutionError.Of(kind, value), null, state, _session.Incarnation);

    /// <summary>A result that nobody fetches within the lease is let go, so that results cannot pile up.</summary>
    private void ForgetUnasked(Execution execution)
    {
        if (_executions.ContainsKey(execution.Command.ExecutionId))
            _ = ForgetAsync();

        async Task ForgetAsync()
        {
            await Task.Delay(_options.FollowerLease, _time, CancellationToken.None);
            _executions.Remove(execution.Command.ExecutionId);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Execution {ExecutionId} ended after {Milliseconds} ms: {Error} {State}")]
    private static partial void LogEnded(ILogger logger, string executionId, long milliseconds, ErrorKind? error, ContextState state);

    [LoggerMessage(Level = LogLevel.Error, Message = "Execution {ExecutionId} got no interpreter: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string executionId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Execution {ExecutionId} failed on the platform's side")]
    private static partial void LogFault(ILogger logger, string executionId, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A context is deactivated ({Reason}) after {Executions} executions")]
    private static partial void LogDeactivated(ILogger logger, DeactivationReasonCode reason, int executions);
}

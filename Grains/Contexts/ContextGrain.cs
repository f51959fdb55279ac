using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;
using Orleans.Serialization;
using Sandbox.Cluster.Grains.Capacity;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Grains.Inquiries;
using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Journal;
using Sandbox.Cluster.Grains.Retention;
using Sandbox.Cluster.Grains.Telemetry;
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
    private readonly FencedRecord _record;
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
    private readonly ContextMetrics _metrics;
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
        Serializer<JournalPages> journals,
        ContextExpiry expiry,
        ContextMetrics metrics,
        IHostApplicationLifetime lifetime,
        TimeProvider time,
        ILogger<ContextGrain> logger)
    {
        _slots = slots;
        _options = options.Value;
        _drain = drain;
        _expiry = expiry;
        _metrics = metrics;
        _key = ContextKey.Parse(this.GetPrimaryKeyString());
        _reservation = new ContextReservation(GrainFactory, _key);
        _record = new FencedRecord(record);
        _session = new Session(_key, _record, interpreters, archive, new ExecutionJournal(journals, time), checkpoints, metrics, time, logger);
        _saves = new QuietSaves(SaveAsync, checkpoints.Value.QuietPeriod);
        _runner = runner;
        _inquiryRunner = new InquiryRunner(time);
        _transfers = new FileTransfers(fileOptions.Value, time);
        _kept = new KeptExecutions(_options.KeptOutputBytes, time);
        _queue = new ExecutionQueue(_options.MaxQueuedExecutions, RunAsync);
        _stopping = lifetime.ApplicationStopping;
        _time = time;
        _logger = logger;
    }

    private TimeSpan IdleTimeout => _session.Record?.Settings?.IdleTimeout ?? _options.IdleTimeout;

    private bool IsAsleep => _session.Interpreter is null && _queue.IsIdle;

    private ContextDescription? Description
    {
        get
        {
            var asleep = _session.Record is { } record
                ? ContextRecords.Describe(record, _key.ContextId, _expiry.Of(record, _session.LastUsedAt))
                : null;
            return IsAsleep || asleep is null ? asleep : asleep with
            {
                Activity = _queue.IsIdle ? ContextActivity.Idle : ContextActivity.Running,
                ExecutionCount = _session.ExecutionCount,
                LastUsedAt = _session.LastUsedAt ?? asleep.LastUsedAt,
            };
        }
    }

    public async Task<ExecutionReply> Execute(ExecuteCommand command, CancellationToken cancellationToken)
    {
        if (await HasExpiredAsync(cancellationToken))
            return Refused(RefusalReason.Unavailable);
        // The first command decides; until its record is written the choice lives here, and only as long as it runs.
        if (_session.Exists || _queue.IsIdle)
            _language = _session.Language ?? command.Language ?? Language.Python;
        if (_stopping.IsCancellationRequested || _faulted)
        {
            // Whoever comes now is served elsewhere, as soon as this activation is gone. This one may be too new to be drained.
            if (_queue.IsIdle && _session.Interpreter is null)
                DeactivateOnIdle();
            return Refused(RefusalReason.Unavailable);
        }

        if (FindRepeated(command, cancellationToken) is { } repeated)
            return await repeated;
        if (command.Language is { } named && named != _language)
            return Refused(RefusalReason.LanguageMismatch);

        // Before there is an execution: one that is refused would have to be undone.
        if (_queue.IsFull)
            return Refused(RefusalReason.QueueFull);

        var execution = new Execution(command, _options.FollowerLease, _options.DrainGrace, _time, _stopping);
        _queue.Add(execution);
        _executions.Add(command.ExecutionId, execution);
        _ = TendAsync(execution);
        if (command.Delivery == Delivery.Answer)
            return await AnswerAsync(execution, cancellationToken);
        if (command.Delivery == Delivery.Later)
            await AcceptAsync(execution, cancellationToken);
        else
            execution.Renew();
        return new ExecutionPending();
    }

    public async Task<ExecutionReply> Follow(string executionId, CancellationToken cancellationToken) =>
        _executions.TryGetValue(executionId, out var execution)
            ? await AnswerAsync(execution, cancellationToken)
            : await AnswerOfKeptAsync(executionId, cancellationToken);

    public Task Interrupt(string executionId, InterruptCause cause, CancellationToken cancellationToken)
    {
        if (_executions.TryGetValue(executionId, out var execution))
            execution.Interrupt(cause);
        return Task.CompletedTask;
    }

    public Task<ContextDescription?> Describe(CancellationToken cancellationToken)
    {
        GoUnlessNeeded();
        return Task.FromResult(IsExpired ? null : Description);
    }

    /// <summary>
    /// Activated for a question alone, it goes again: it would hold a place that others may need. And whoever looks at it again and
    /// again does not keep it awake: it goes when nobody has used it for its time.
    /// </summary>
    private void GoUnlessNeeded()
    {
        if (_executions.Count > 0 || _creation is { IsCompleted: false })
            return;
        if ((IsAsleep && _kept.IsEmpty) || IsOverdue)
            DeactivateOnIdle();
    }

    private bool IsOverdue => _queue.IsIdle && _inquiries == 0 && !_transfers.IsBusy
        && _session.LastUsedAt is { } usedAt && _time.GetUtcNow() - usedAt > IdleTimeout;

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

    /// <summary>Orleans disposes every activation, also one whose deactivation was cut short.</summary>
    public async ValueTask DisposeAsync()
    {
        _drain.Remove(this);
        _saves.Dispose();
        await _transfers.DisposeAsync();
        await _session.DisposeAsync();
        _record.Dispose();
        if (!_hasSlot)
            return;
        _hasSlot = false;
        _slots.Release();
    }

    private async Task<ExecutionReply> AnswerAsync(Execution execution, CancellationToken cancellationToken) =>
        await execution.EndsWithinAsync(_options.AnswerWithin, cancellationToken)
            ? await execution.Reply
            : new ExecutionPending();

    private ExecutionRefused Refused(RefusalReason reason) => new(reason, _language);
}

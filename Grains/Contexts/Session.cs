using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Journal;
using Sandbox.Cluster.Grains.Telemetry;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// The line of a context's state: the interpreter that holds it, the checkpoint that it can come back from, and the record that
/// says which of them counts. The logical life of a context and a running process are two things; this is where they meet,
/// where a break of the line is noticed, and where it stays owed until somebody has been told.
/// </summary>
internal sealed partial class Session(
    ContextKey key,
    FencedRecord record,
    IInterpreterPool pool,
    CheckpointArchive archive,
    ExecutionJournal journal,
    IOptions<CheckpointOptions> checkpoints,
    ContextMetrics metrics,
    TimeProvider time,
    ILogger logger) : IAsyncDisposable
{
    private readonly string _name = CheckpointArchive.ContextName(key.ToString());
    private readonly CancellationTokenSource _closing = new();
    private IHome? _home;
    private long _version;
    private bool _wasClean;
    private bool _isWoken;

    /// <summary>Null while no interpreter runs. One that has ended stays here until that is noticed.</summary>
    public IInterpreter? Interpreter { get; private set; }

    /// <summary>Whether the context was ever created.</summary>
    public bool Exists => record.Exists;

    /// <summary>Null until the context exists.</summary>
    public Language? Language => Exists ? record.State.Language : null;

    public int Incarnation => record.State.Incarnation;

    /// <summary>Executions since the state began.</summary>
    public int ExecutionCount { get; private set; }

    /// <summary>When the line of the state was last broken, in ticks of UTC; 0: never.</summary>
    public long BrokenAt => record.State.BrokenAt?.UtcTicks ?? 0;

    /// <summary>Whether it holds what no checkpoint does.</summary>
    public bool IsDirty => Exists && !record.State.Clean;

    /// <summary>Whether what no checkpoint holds is gone, which the next call will find out.</summary>
    public bool IsBroken => IsDirty && !IsAlive;

    /// <summary>Which execution the state is that of, as long as a roll-back is untold.</summary>
    public int? RestoredTo => record.State.Untold == Breach.RollBack ? record.State.RolledBackTo : null;

    /// <summary>The home, as long as an interpreter works in it.</summary>
    public IHome? Home => IsAlive && _home is { Ended.IsCompleted: false } home ? home : null;

    /// <summary>Whether an interpreter runs with the state in it; <see cref="Journal"/> then tells of it.</summary>
    public bool IsAlive => Interpreter is { Ended.IsCompleted: false };

    /// <summary>What ran in the state, and what was answered.</summary>
    public ExecutionJournal Journal => journal;

    /// <summary>Whether there is something to tell.</summary>
    public bool HasNews => News != ContextState.Kept;

    /// <summary>Whether there is no home that could be worked in.</summary>
    private bool IsHomeless => _home is null or { Ended.IsCompleted: true };

    /// <summary>What the next answer has to say of the state that it finds.</summary>
    private ContextState News => record.State.Untold switch
    {
        Breach.Loss => ContextState.Lost,
        Breach.RollBack => ContextState.RolledBack,
        _ => _isWoken ? ContextState.Restored : ContextState.Kept,
    };

    /// <summary>When it was used last; null when it was not since this activation began.</summary>
    public DateTimeOffset? LastUsedAt { get; private set; }

    /// <summary>What the record says; null until the context exists.</summary>
    public ContextRecord? Record => Exists ? record.State : null;

    /// <summary>It is used now. The record hears of it with its next change.</summary>
    public void Use() => LastUsedAt = time.GetUtcNow();

    /// <summary>
    /// Makes sure that an interpreter runs with the context's state in it, and creates the context when there is none. Returns
    /// what the answer has to say. <see cref="ContextState.Lost"/>: nothing runs until <see cref="SettleAsync"/>.
    /// </summary>
    /// <exception cref="InterpreterUnavailableException">No interpreter could be started; nothing is lost by that.</exception>
    /// <exception cref="ContextFencedException">Another activation has taken over.</exception>
    public async Task<ContextState> EnsureInterpreterAsync(Language language, CancellationToken cancellationToken)
    {
        if (record.State.Untold == Breach.Loss || IsAlive)
            return News;
        // What became of a write that had no answer is part of what there is to begin with.
        await record.MakeCertainAsync();
        if (IsDirty)
            await BreakAsync();
        await EndInterpreterAsync();
        if (record.State.Untold == Breach.Loss)
            return ContextState.Lost;

        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        using var start = metrics.BeginStart(language, isRestored: record.State.Checkpoint is not null);
        if (record.State.Checkpoint is { } checkpoint)
            return start.End(await WakeAsync(checkpoint, bound.Token));
        var isNew = !Exists;
        await BeginAsync(new ContextRecord { Language = language, CreatedAt = time.GetUtcNow(), Clean = false }, bound.Token);
        return start.End(isNew ? ContextState.New : News);
    }

    /// <summary>
    /// Creates the context and starts its interpreter, without code: as long as none has run there is nothing that could be lost.
    /// Finds one that is there already ready.
    /// </summary>
    /// <exception cref="InterpreterUnavailableException">No interpreter could be started.</exception>
    /// <exception cref="ContextFencedException">Another activation has taken over.</exception>
    public async Task CreateAsync(Language language, ContextSettings settings, CancellationToken cancellationToken)
    {
        if (Exists)
        {
            await EnsureInterpreterAsync(language, cancellationToken);
            return;
        }
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await BeginAsync(
            new ContextRecord { Language = language, CreatedAt = time.GetUtcNow(), Settings = settings, Clean = true }, bound.Token);
    }

    /// <summary>
    /// The home of a context that exists, with the context's files in it: woken with its session where there is none. Those of a
    /// session that was lost are there as long as this silo has them.
    /// </summary>
    /// <exception cref="InterpreterUnavailableException">There was none to be had; nothing is lost by that.</exception>
    public async Task<IHome> EnsureHomeAsync(CancellationToken cancellationToken)
    {
        await EnsureInterpreterAsync(record.State.Language, cancellationToken);
        if (IsHomeless)
            await MoveAsync(cancellationToken);
        return _home!;
    }

    /// <summary>Another interpreter among the same files: a new incarnation, and nothing owed of the old one.</summary>
    /// <exception cref="InterpreterUnavailableException">None could be started; the next execution tries again.</exception>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        // One that is here has the files as they are now, in which state its session may be.
        if (IsHomeless)
            await EnsureHomeAsync(cancellationToken);
        await EndInterpreterAsync();
        await ChangeAsync(state => state with
        {
            Incarnation = state.Incarnation + 1,
            Clean = false,
            Awake = true,
            Untold = Breach.None,
            // Stays until there is a newer one: the files are in it.
            Checkpoint = state.Checkpoint is { } checkpoint ? checkpoint with { ExecutionCount = 0, FilesOnly = true } : null,
            BrokenAt = time.GetUtcNow(),
        });
        journal.Clear();
        ExecutionCount = 0;
        _isWoken = false;
        await StartAsync(null, cancellationToken);
    }

    /// <summary>
    /// What an answer has to say of the state that is given now and is none of an execution. A break is still owed to the next
    /// execution: who looks at files need not be the one whose code counts on what was lost.
    /// </summary>
    public async Task<ContextNews> TellAsync()
    {
        var news = new ContextNews(News, Incarnation, RestoredTo);
        if (record.State.Untold == Breach.None)
            await SettleAsync();
        return news;
    }

    /// <summary>Removes interpreter, files, checkpoints and record. The session is of no use afterwards.</summary>
    public async Task DeleteAsync()
    {
        await DisposeAsync();
        await record.ClearAsync();
        await archive.DiscardAllAsync(_name);
    }

    /// <summary>Something other than an execution changes, or has just changed, what a checkpoint holds.</summary>
    public Task TouchAsync()
    {
        // Before anything is awaited: a checkpoint that is under way holds less than what comes now.
        _version++;
        // Where no session is, none can be lost.
        return IsAlive ? ChangeAsync(state => state.Clean ? state with { Clean = false } : null) : Task.CompletedTask;
    }

    /// <summary>Counts an execution whose code is about to run, and sees to it that the record knows.</summary>
    public async Task<int> BeginExecutionAsync()
    {
        _wasClean = !IsDirty;
        Use();
        await TouchAsync();
        return ++ExecutionCount;
    }

    /// <summary>The code of the execution that was counted last never ran.</summary>
    public Task TakeBackExecutionAsync()
    {
        ExecutionCount--;
        return _wasClean ? ChangeAsync(state => state with { Clean = true }) : Task.CompletedTask;
    }

    /// <summary>
    /// The interpreter is gone, or goes now, and with it whatever is in no checkpoint. Returns what remains, and owes it to the
    /// next answer.
    /// </summary>
    public async Task<ContextState> BreakAsync()
    {
        await EndInterpreterAsync();
        if (record.State.Checkpoint is not { } checkpoint)
        {
            await LoseAsync();
            return ContextState.Lost;
        }
        await ChangeAsync(state => state with
        {
            Incarnation = state.Incarnation + 1,
            Clean = true,
            Untold = Breach.RollBack,
            RolledBackTo = checkpoint.ExecutionCount,
            BrokenAt = time.GetUtcNow(),
        });
        journal.Clear();
        ExecutionCount = checkpoint.ExecutionCount;
        metrics.CountBreak(record.State.Language, isLost: false);
        return ContextState.RolledBack;
    }

    /// <summary>Somebody was told what the last answer had to say.</summary>
    public Task SettleAsync()
    {
        _isWoken = false;
        return record.State.Untold == Breach.None ? Task.CompletedTask : ChangeAsync(state => state with { Untold = Breach.None });
    }

    /// <summary>Ends the interpreter and its home; what was not saved before is lost.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await EndInterpreterAsync();
        await LeaveHomeAsync();
    }

    /// <summary>Files stay where they are, as long as this silo has them.</summary>
    private async Task LoseAsync()
    {
        var previous = record.State.Checkpoint;
        // A roll-back that nobody was told of is part of the same break.
        await ChangeAsync(state => state with
        {
            Incarnation = state.Untold == Breach.RollBack ? state.Incarnation : state.Incarnation + 1,
            Clean = true,
            Awake = false,
            Untold = Breach.Loss,
            Checkpoint = null,
            BrokenAt = time.GetUtcNow(),
        });
        journal.Clear();
        ExecutionCount = 0;
        _isWoken = false;
        metrics.CountBreak(record.State.Language, isLost: true);
        if (previous is not null)
            await archive.DiscardAsync(_name, previous);
    }

    private Task ChangeAsync(Func<ContextRecord, ContextRecord?> change) => record.ChangeAsync(
        state => change(state) is { } next ? next with { LastUsedAt = LastUsedAt ?? next.LastUsedAt } : null);
}

using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// The line of a context's state: the interpreter that holds it, and the record that says so. The logical life of a context
/// and a running process are two things; this is where they meet, where a loss is noticed, and where it stays owed until
/// somebody has been told.
/// </summary>
internal sealed class Session(IPersistentState<ContextRecord> record, IInterpreterPool pool, string tenant, TimeProvider time) : IAsyncDisposable
{
    private bool _closed;
    private IHome? _home;

    /// <summary>Null while no interpreter runs. One that has ended stays here until its loss is noticed.</summary>
    public IInterpreter? Interpreter { get; private set; }

    /// <summary>Whether the context was ever created.</summary>
    public bool Exists => record.RecordExists;

    /// <summary>Null until the context exists.</summary>
    public Language? Language => Exists ? record.State.Language : null;

    public int Incarnation => record.State.Incarnation;

    /// <summary>Executions since the state began.</summary>
    public int ExecutionCount { get; private set; }

    /// <summary>When the last execution began; null when none has since this activation began.</summary>
    public DateTimeOffset? LastUsedAt { get; private set; }

    public int CountExecution()
    {
        LastUsedAt = time.GetUtcNow();
        return ++ExecutionCount;
    }

    /// <summary>What the record says; null until the context exists.</summary>
    public ContextRecord? Record => Exists ? record.State : null;

    /// <summary>
    /// Makes sure that an interpreter runs, and creates the context when there is none. False when state was lost: the caller
    /// has to tell its client, and nothing runs until <see cref="SettleLossAsync"/>.
    /// </summary>
    /// <exception cref="InterpreterUnavailableException">No interpreter could be started; nothing is lost by that.</exception>
    public async Task<bool> EnsureInterpreterAsync(Language language, CancellationToken cancellationToken)
    {
        if (record.State.LossUntold)
            return false;
        if (Interpreter is { Ended.IsCompleted: false })
            return true;
        if (Interpreter is not null || !record.State.Clean)
        {
            await LoseAsync();
            return false;
        }

        // Before the interpreter starts: of two activations only the one whose write holds may run code.
        await WriteAsync((Exists ? record.State : New(language)) with { Epoch = record.State.Epoch + 1, Clean = false });
        try
        {
            if (_home is null or { Ended.IsCompleted: true })
                await MoveAsync(language, cancellationToken);
            Interpreter = await _home!.StartInterpreterAsync(cancellationToken);
        }
        catch
        {
            await WriteAsync(record.State with { Clean = true });
            throw;
        }
        if (_closed)
        {
            await DisposeAsync();
            throw new OperationCanceledException("The context was deactivated while its interpreter started.");
        }
        return true;
    }

    /// <summary>
    /// Ends the interpreter, if there is one, and begins a new incarnation. The loss is owed from here on. Files stay where
    /// they are as long as this silo has them.
    /// </summary>
    public async Task LoseAsync()
    {
        await EndInterpreterAsync();
        ExecutionCount = 0;
        await WriteAsync(record.State with { Incarnation = record.State.Incarnation + 1, Clean = true, LossUntold = true });
    }

    /// <summary>Somebody was told of the loss; the next execution begins anew.</summary>
    public Task SettleLossAsync() => WriteAsync(record.State with { LossUntold = false });

    /// <summary>Ends the interpreter and its home for good; the record still says that its state was not saved.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        await EndInterpreterAsync();
        await LeaveHomeAsync();
    }

    private ContextRecord New(Language language) => new() { Language = language, CreatedAt = time.GetUtcNow() };

    /// <summary>What a failed write would have said must not stay behind in memory.</summary>
    private async Task WriteAsync(ContextRecord next)
    {
        var previous = record.State;
        record.State = next with { LastUsedAt = LastUsedAt ?? next.LastUsedAt };
        try
        {
            await record.WriteStateAsync();
        }
        catch
        {
            record.State = previous;
            throw;
        }
    }

    private async Task MoveAsync(Language language, CancellationToken cancellationToken)
    {
        await LeaveHomeAsync();
        _home = await pool.OpenHomeAsync(language, tenant, cancellationToken);
    }

    private async ValueTask LeaveHomeAsync()
    {
        if (_home is not { } home)
            return;
        _home = null;
        await home.DisposeAsync();
    }

    private async ValueTask EndInterpreterAsync()
    {
        if (Interpreter is not { } interpreter)
            return;
        Interpreter = null;
        await interpreter.DisposeAsync();
    }
}

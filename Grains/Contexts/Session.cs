using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// The line of a context's state: the interpreter that holds it, and the record that says so. The logical life of a context
/// and a running process are two things; this is where they meet, and where a loss is noticed and told exactly once.
/// </summary>
internal sealed class Session(IPersistentState<ContextRecord> record, IInterpreterPool pool, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Null while no interpreter runs. One that has ended stays here until its loss is told.</summary>
    public IInterpreter? Interpreter { get; private set; }

    public int Incarnation => record.State.Incarnation;

    /// <summary>Executions since the state began.</summary>
    public int ExecutionCount { get; private set; }

    /// <summary>Null until the context exists.</summary>
    public Language? Language => record.RecordExists ? record.State.Language : null;

    /// <summary>The state before anything is tried.</summary>
    public ContextState State => record.RecordExists ? ContextState.Kept : ContextState.New;

    public int CountExecution() => ++ExecutionCount;

    /// <summary>
    /// Makes sure that an interpreter runs. When the answer is <see cref="ContextState.Lost"/> none does: the caller
    /// has to tell its client first, and the next call begins anew.
    /// </summary>
    /// <exception cref="InterpreterUnavailableException">No interpreter could be started; nothing is lost by that.</exception>
    public async Task<ContextState> EnsureInterpreterAsync(Language language, CancellationToken cancellationToken)
    {
        if (Interpreter is { Ended.IsCompleted: false })
            return ContextState.Kept;
        if (Interpreter is not null || !record.State.Clean)
        {
            await LoseAsync();
            return ContextState.Lost;
        }

        var state = State;
        if (state == ContextState.New)
        {
            record.State.Language = language;
            record.State.CreatedAt = time.GetUtcNow();
        }
        record.State.Epoch++;
        record.State.Clean = false;
        // Before the interpreter starts: of two activations only the one whose write holds may run code.
        await record.WriteStateAsync(cancellationToken);
        try
        {
            Interpreter = await pool.StartAsync(language, cancellationToken);
        }
        catch
        {
            record.State.Clean = true;
            await record.WriteStateAsync(CancellationToken.None);
            throw;
        }
        return state;
    }

    /// <summary>Ends the interpreter, if there is one, and begins a new incarnation.</summary>
    public async Task LoseAsync()
    {
        await DisposeAsync();
        ExecutionCount = 0;
        record.State.Incarnation++;
        record.State.Clean = true;
        await record.WriteStateAsync();
    }

    /// <summary>Ends the interpreter; the record still says that its state was not saved.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interpreter is not { } interpreter)
            return;
        Interpreter = null;
        await interpreter.DisposeAsync();
    }
}

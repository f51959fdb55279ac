using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>How an interpreter gets there, with a state or without one, and how it goes.</summary>
internal sealed partial class Session
{
    /// <summary>An interpreter without a state, for a context that has none.</summary>
    /// <param name="created">What it is, if it is not there yet. Whether it is clean holds for one that is.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    private async Task BeginAsync(ContextRecord created, CancellationToken cancellationToken)
    {
        // Before the interpreter starts: of two activations only the one whose write holds may run code.
        await record.TakeOverAsync(state => (Exists ? state : created) with { Clean = created.Clean, Awake = true });
        ExecutionCount = 0;
        try
        {
            if (IsHomeless)
                await MoveAsync(cancellationToken);
            await StartAsync(null, cancellationToken);
        }
        catch
        {
            await ChangeAsync(state => state with { Clean = true });
            throw;
        }
    }

    /// <summary>An interpreter that begins where the checkpoint stood, in a home of its own: files and heap are of one moment.</summary>
    private async Task<ContextState> WakeAsync(CheckpointReference checkpoint, CancellationToken cancellationToken)
    {
        await record.TakeOverAsync(state => state with { Awake = true });
        try
        {
            var (pages, content) = await archive.FetchAsync(_name, checkpoint, cancellationToken);
            await using var disposal = content;
            journal.Read(checkpoint.FilesOnly ? [] : pages);
            await MoveAsync(cancellationToken);
            await StartAsync(new Checkpoint(content, checkpoints.Value.RestoreTimeout), cancellationToken);
            if (checkpoint.FilesOnly)
            {
                // They come with a session, which is the one that a restart has ended.
                await EndInterpreterAsync();
                await StartAsync(null, cancellationToken);
            }
        }
        catch (Exception e) when (e is CheckpointLostException or RestoreRefusedException)
        {
            LogNotRestored(logger, e.Message);
            await LeaveHomeAsync();
            await LoseAsync();
            return ContextState.Lost;
        }
        catch
        {
            await LeaveHomeAsync();
            throw;
        }
        ExecutionCount = checkpoint.ExecutionCount;
        _isWoken = true;
        return News;
    }

    private async Task MoveAsync(CancellationToken cancellationToken)
    {
        await LeaveHomeAsync();
        var surroundings = record.State.Settings?.Surroundings ?? Surroundings.Default;
        _home = await pool.OpenHomeAsync(record.State.Language, key.Tenant, surroundings, cancellationToken);
    }

    private async Task StartAsync(Checkpoint? checkpoint, CancellationToken cancellationToken)
    {
        // Nobody would end what came now, and the home may be gone.
        _closing.Token.ThrowIfCancellationRequested();
        Interpreter = await _home!.StartInterpreterAsync(checkpoint, cancellationToken);
        metrics.Hold(record.State.Language, Interpreter);
        if (!_closing.IsCancellationRequested)
            return;
        // The context was deactivated meanwhile, and nobody else would end what has come only now.
        await EndInterpreterAsync();
        await LeaveHomeAsync();
        throw new OperationCanceledException(_closing.Token);
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
        // What is being saved is not what the next interpreter holds.
        _version++;
        Interpreter = null;
        await interpreter.DisposeAsync();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A session was not restored: {Reason}")]
    private static partial void LogNotRestored(ILogger logger, string reason);
}

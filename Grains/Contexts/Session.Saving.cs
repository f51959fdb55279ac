namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>How what the interpreter holds gets into a checkpoint.</summary>
internal sealed partial class Session
{
    private Task<bool>? _saving;

    /// <summary>
    /// Saves what is in no checkpoint yet. True when nothing is left that could be lost. Calls that overlap share one checkpoint.
    /// </summary>
    public async Task<bool> SaveAsync(CancellationToken cancellationToken)
    {
        if (!IsDirty)
            return true;
        if (!IsAlive || record.IsFenced)
            return false;
        var saving = _saving ??= SaveOnceAsync(cancellationToken);
        try
        {
            return await saving;
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // It ended while it was saved, or waited for its turn, as a deleted one does: there is nothing any more to save.
            return false;
        }
        finally
        {
            if (_saving == saving)
                _saving = null;
        }
    }

    /// <summary>
    /// Saves what a silo that leaves, or an idle context, would lose, and ends the interpreter. False: something is lost with it.
    /// </summary>
    public async Task<bool> HibernateAsync(CancellationToken cancellationToken)
    {
        // The first may have begun before the last execution did.
        var isSaved = await SaveAsync(cancellationToken) || await SaveAsync(cancellationToken);
        await DisposeAsync();
        if (record is { Exists: true, IsFenced: false, State.Awake: true })
            await ChangeAsync(state => state with { Awake = false });
        return isSaved;
    }

    private async Task<bool> SaveOnceAsync(CancellationToken cancellationToken)
    {
        var version = _version;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        var previous = record.State.Checkpoint;
        var saved = await archive.SaveAsync(_name, journal.Write(), _home!, ExecutionCount, previous?.StoredBytes ?? 0, bound.Token);
        if (saved is null)
            return false;

        var isCurrent = false;
        await ChangeAsync(state =>
        {
            // Code that ran meanwhile is in the interpreter and not in here, or only half of it.
            isCurrent = version == _version && IsAlive;
            return isCurrent ? state with { Checkpoint = saved, Clean = true } : null;
        });
        var superfluous = isCurrent ? previous : saved;
        if (superfluous is not null && superfluous.Content != record.State.Checkpoint?.Content)
            await archive.DiscardAsync(_name, superfluous);
        return isCurrent;
    }
}

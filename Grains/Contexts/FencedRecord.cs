using Orleans.Storage;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// The record of a context in the hands of one activation: one change at a time, each guarded by the etag. Of two activations
/// only the one that took the epoch last can change anything.
/// </summary>
internal sealed class FencedRecord(IPersistentState<ContextRecord> stored) : IDisposable
{
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Guid _owner = Guid.NewGuid();
    private bool _isUncertain;

    /// <summary>As it is known here.</summary>
    public ContextRecord State => stored.State;

    /// <summary>Whether it was ever written.</summary>
    public bool Exists => stored.RecordExists;

    /// <summary>Another activation has taken over: nothing of this one counts any more.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>Takes the next epoch along with a change: from here on the context is this activation's.</summary>
    /// <exception cref="ContextFencedException">Another activation was faster.</exception>
    public Task TakeOverAsync(Func<ContextRecord, ContextRecord> change) =>
        ChangeAsync(state => change(state) with { Epoch = state.Epoch + 1, Owner = _owner });

    /// <summary>Writes what <paramref name="change"/> makes of the record; null: nothing. Changes come one after the other.</summary>
    /// <exception cref="ContextFencedException">Another activation has taken over.</exception>
    public async Task ChangeAsync(Func<ContextRecord, ContextRecord?> change)
    {
        await _changing.WaitAsync();
        try
        {
            if (IsFenced)
                throw new ContextFencedException();
            if (_isUncertain)
                await ReadAgainAsync();
            if (change(stored.State) is { } next)
                await WriteAsync(next);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Finds out whether a write that had no answer was done. Asks nobody where each had one.</summary>
    /// <exception cref="ContextFencedException">Another activation has taken over.</exception>
    public Task MakeCertainAsync() => ChangeAsync(_ => null);

    /// <summary>Removes it. Nothing can be changed any more.</summary>
    /// <exception cref="ContextFencedException">Another activation has taken over.</exception>
    public async Task ClearAsync()
    {
        await _changing.WaitAsync();
        try
        {
            if (IsFenced)
                throw new ContextFencedException();
            if (_isUncertain)
                await ReadAgainAsync();
            await stored.ClearStateAsync();
            IsFenced = true;
        }
        catch (InconsistentStateException e)
        {
            IsFenced = true;
            throw new ContextFencedException(e);
        }
        finally
        {
            _changing.Release();
        }
    }

    public void Dispose() => _changing.Dispose();

    /// <summary>A write that had no answer may have been done. Whoever owns the record now says whether it is still ours.</summary>
    private async Task ReadAgainAsync()
    {
        var known = stored.State;
        await stored.ReadStateAsync();
        if (stored.State.Owner != known.Owner && stored.State.Owner != _owner)
        {
            IsFenced = true;
            throw new ContextFencedException();
        }
        _isUncertain = false;
    }

    private async Task WriteAsync(ContextRecord next)
    {
        var previous = stored.State;
        stored.State = next;
        try
        {
            await stored.WriteStateAsync();
        }
        catch (InconsistentStateException e)
        {
            stored.State = previous;
            IsFenced = true;
            throw new ContextFencedException(e);
        }
        catch
        {
            // What a failed write would have said must not stay behind in memory; what it did is seen before the next one.
            stored.State = previous;
            _isUncertain = true;
            throw;
        }
    }
}

/// <summary>Another activation of the same context has taken over.</summary>
internal sealed class ContextFencedException(Exception? innerException = null)
    : Exception("Another activation of this context has taken over.", innerException);

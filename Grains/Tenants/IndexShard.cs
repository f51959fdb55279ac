using Orleans.Storage;

namespace Sandbox.Cluster.Grains.Tenants;

/// <summary>A part of the index in memory, and the record that it is read from and written to.</summary>
internal sealed class IndexShard(IGrainStorage storage, GrainId tenant, string from, int number)
{
    private readonly GrainState<ShardRecord> _record = new();
    private Task? _loading;
    private bool _isRead;

    /// <summary>The least id that belongs here.</summary>
    public string From { get; set; } = from;

    public int Number => number;

    /// <summary>The ids, once <see cref="IsLoaded"/>.</summary>
    public SortedList<string, IndexEntry> Entries { get; } = new(StringComparer.Ordinal);

    public bool IsLoaded { get; private set; }

    /// <summary>Whether the record says something else.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Whether entries have left that only the record still holds: it must not be written before their new place is known.</summary>
    public bool IsTrimmed { get; set; }

    /// <summary>Reads the record, leaving out what lies at or behind <paramref name="end"/>.</summary>
    public async Task LoadAsync(string? end)
    {
        if (IsLoaded)
            return;
        _loading ??= ReadAsync(end);
        try
        {
            await _loading;
        }
        finally
        {
            _loading = null;
        }
    }

    /// <summary>Takes the upper part of the entries out, from this place on, into a new shard.</summary>
    public IndexShard Split(int at, int newNumber)
    {
        var upper = new IndexShard(storage, tenant, Entries.GetKeyAtIndex(at), newNumber) { IsLoaded = true, IsDirty = true };
        for (var index = at; index < Entries.Count; index++)
            upper.Entries.Add(Entries.GetKeyAtIndex(index), Entries.GetValueAtIndex(index));
        while (Entries.Count > at)
            Entries.RemoveAt(Entries.Count - 1);
        IsDirty = IsTrimmed = true;
        return upper;
    }

    /// <summary>Takes over the entries of the next shard, which is then to be dropped.</summary>
    public void Absorb(IndexShard next)
    {
        foreach (var (id, entry) in next.Entries)
            Entries.Add(id, entry);
        IsDirty = true;
    }

    /// <summary>Writes what is here at this moment.</summary>
    public async Task WriteAsync()
    {
        IsDirty = IsTrimmed = false;
        // A new shard may meet a record that a split left which was never finished.
        if (!_isRead)
            await ReadRecordAsync();
        _record.State = new ShardRecord { Contexts = [.. Entries.Select(entry => new IndexedContext(entry.Key, entry.Value.ReservedAt))] };
        await storage.WriteStateAsync(Name, tenant, _record);
    }

    /// <summary>Removes the record.</summary>
    public Task ClearAsync() => _record.RecordExists ? storage.ClearStateAsync(Name, tenant, _record) : Task.CompletedTask;

    private string Name => $"index-{number}";

    private async Task ReadAsync(string? end)
    {
        await ReadRecordAsync();
        foreach (var context in _record.State?.Contexts ?? [])
        {
            if (string.CompareOrdinal(context.Id, From) >= 0 && (end is null || string.CompareOrdinal(context.Id, end) < 0))
                Entries[context.Id] = new IndexEntry { ReservedAt = context.ReservedAt };
        }
        IsLoaded = true;
    }

    private async Task ReadRecordAsync()
    {
        await storage.ReadStateAsync(Name, tenant, _record);
        _isRead = true;
    }
}

/// <summary>What is known of one id.</summary>
internal sealed class IndexEntry
{
    /// <summary>Null once it is known that the context exists.</summary>
    public DateTimeOffset? ReservedAt { get; set; }

    /// <summary>Reservations that this activation has taken since and not had back.</summary>
    public int Claims { get; set; }

    /// <summary>Until then it is not past its time. Known to this activation alone.</summary>
    public DateTimeOffset LookAt { get; set; }
}

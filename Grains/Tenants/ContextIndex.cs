using Orleans.Storage;
using Sandbox.Cluster.Grains.Interfaces.Tenants;

namespace Sandbox.Cluster.Grains.Tenants;

/// <summary>
/// The ids of a tenant's contexts, in order, in shards of bounded size: a B-tree of two levels. Memory is ahead of storage;
/// <see cref="FlushAsync"/> brings storage up to it. Lives on its grain's scheduler: no locks, but anything may happen while
/// something is awaited.
/// </summary>
/// <remarks>
/// After a failed write memory is no longer to be trusted: nothing more is written, and the one who sees the exception lets
/// the index go.
/// </remarks>
internal sealed class ContextIndex(IGrainStorage storage, GrainId tenant, TimeProvider time, int shardSize = ContextIndex.ShardSize)
{
    /// <summary>Ids in one shard: its record stays below the 64 KiB that every storage takes at once.</summary>
    public const int ShardSize = 256;

    private const string Name = "index";
    private const int ReadsAtOnce = 16;

    private readonly GrainState<IndexRecord> _record = new();
    private readonly List<IndexShard> _shards = [];
    private readonly List<IndexShard> _dropped = [];
    private int _nextNumber;
    private bool _rangesChanged;
    private TaskCompletionSource? _nextFlush;
    private bool _isFlushing;
    private bool _isBroken;

    /// <summary>How many shards there are.</summary>
    public int Shards => _shards.Count;

    /// <summary>How many ids there are; exact once everything is loaded.</summary>
    public int Count => _shards.Sum(shard => shard.Entries.Count);

    /// <summary>Reads how the ids are shared out. Comes before everything else.</summary>
    public async Task OpenAsync()
    {
        await storage.ReadStateAsync(Name, tenant, _record);
        var ranges = _record.State is { Shards.Count: > 0 } kept ? kept : new IndexRecord();
        _shards.AddRange(ranges.Shards.Select(range => new IndexShard(storage, tenant, range.From, range.Number)));
        _nextNumber = ranges.NextNumber;
    }

    /// <summary>Counts an id, and returns once that will not be forgotten. False when there are <paramref name="quota"/> others.</summary>
    public async Task<bool> ReserveAsync(string id, int quota)
    {
        await LoadAllAsync();
        var shard = _shards[PlaceOf(id)];
        if (!shard.Entries.TryGetValue(id, out var entry))
        {
            if (Count >= quota)
                return false;
            shard.Entries.Add(id, entry = new IndexEntry());
        }
        entry.Claims++;
        entry.ReservedAt = time.GetUtcNow();
        shard.IsDirty = true;
        await FlushAsync();
        return true;
    }

    /// <summary>The context exists. Storage hears of it with the next flush; until then a record in doubt is looked up again.</summary>
    public async Task ConfirmAsync(string id)
    {
        await LoadAllAsync();
        var shard = _shards[PlaceOf(id)];
        // Its reservation may have lapsed: what exists is counted, whatever the quota.
        if (!shard.Entries.TryGetValue(id, out var entry))
            shard.Entries.Add(id, entry = new IndexEntry());
        entry.Claims = 0;
        entry.ReservedAt = null;
        shard.IsDirty = true;
    }

    /// <summary>One who reserved the id has no context; it is forgotten when nobody else has reserved it.</summary>
    public async Task ReleaseAsync(string id)
    {
        await LoadAllAsync();
        var shard = _shards[PlaceOf(id)];
        if (!shard.Entries.TryGetValue(id, out var entry) || entry is not { ReservedAt: { } reservedAt, Claims: > 0 })
            return;
        entry.Claims--;
        if (entry.Claims == 0)
            await ForgetAsync(id, reservedAt);
    }

    /// <summary>Forgets an id whose context does not exist, unless it was reserved again since.</summary>
    public async Task ForgetAsync(string id, DateTimeOffset reservedAt)
    {
        var shard = _shards[PlaceOf(id)];
        if (!shard.Entries.TryGetValue(id, out var entry) || entry.ReservedAt != reservedAt)
            return;
        shard.Entries.Remove(id);
        shard.IsDirty = true;
        await FlushAsync();
    }

    /// <summary>The reservations, of what is loaded, that were neither confirmed nor released for so long.</summary>
    public IReadOnlyList<(string Id, DateTimeOffset ReservedAt)> InDoubt(TimeSpan age)
    {
        var before = time.GetUtcNow() - age;
        return [.. from shard in _shards
                   from entry in shard.Entries
                   let reservedAt = entry.Value.ReservedAt
                   where reservedAt <= before
                   select (entry.Key, reservedAt.Value)];
    }

    /// <summary>Contexts that exist and have to be looked at by now, at most so many.</summary>
    public async Task<IReadOnlyList<string>> DueAsync(DateTimeOffset now, int limit)
    {
        await LoadAllAsync();
        return [.. _shards.SelectMany(shard => shard.Entries).Where(entry => entry.Value.ReservedAt is null && entry.Value.LookAt <= now)
            .Select(entry => entry.Key).Take(limit)];
    }

    /// <summary>The context has to be looked at again then, if it is still here.</summary>
    public void LookAgain(string id, DateTimeOffset at)
    {
        if (_shards[PlaceOf(id)].Entries.TryGetValue(id, out var entry))
            entry.LookAt = at;
    }

    /// <summary>The ids behind <paramref name="after"/>, at most so many. Reads the shards that they are in, and no others.</summary>
    public async Task<ContextIdPage> ListAsync(string? after, int limit)
    {
        var ids = new List<string>();
        // The least string behind an id is the id and U+0000.
        for (var from = after is null ? "" : after + '\0'; ;)
        {
            var place = PlaceOf(from);
            if (!_shards[place].IsLoaded)
            {
                await _shards[place].LoadAsync(EndOf(place));
                continue;
            }
            foreach (var id in _shards[place].Entries.Keys.Where(id => string.CompareOrdinal(id, from) >= 0))
            {
                if (ids.Count == limit)
                    return new ContextIdPage(ids, HasMore: true);
                ids.Add(id);
            }
            if (EndOf(place) is not { } end)
                return new ContextIdPage(ids, HasMore: false);
            from = end;
        }
    }

    /// <summary>
    /// Writes what has changed, and returns once everything up to this call is written. Calls that come while something is
    /// being written share the next write.
    /// </summary>
    public Task FlushAsync()
    {
        _nextFlush ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var flushed = _nextFlush.Task;
        if (!_isFlushing)
            _ = FlushAllAsync();
        return flushed;
    }

    private async Task FlushAllAsync()
    {
        _isFlushing = true;
        while (_nextFlush is { } flush)
        {
            _nextFlush = null;
            try
            {
                await WriteAsync();
                flush.SetResult();
            }
            catch (Exception e)
            {
                _isBroken = true;
                flush.SetException(e);
            }
        }
        _isFlushing = false;
    }

    /// <summary>
    /// In an order that loses no id wherever it ends: an id is in its new shard before the ranges say so, and leaves its old
    /// one after that.
    /// </summary>
    private async Task WriteAsync()
    {
        if (_isBroken)
            throw new InvalidOperationException("An earlier change could not be written.");
        Split();
        Merge();
        var trimmed = _shards.Where(shard => shard.IsTrimmed).ToList();
        await Task.WhenAll(_shards.Where(shard => shard is { IsDirty: true, IsTrimmed: false }).ToList().Select(shard => shard.WriteAsync()));
        if (_rangesChanged)
        {
            _record.State = new IndexRecord
            {
                Shards = [.. _shards.Select(shard => new ShardRange(shard.From, shard.Number))],
                NextNumber = _nextNumber,
            };
            _rangesChanged = false;
            await storage.WriteStateAsync(Name, tenant, _record);
        }
        await Task.WhenAll(trimmed.Select(shard => shard.WriteAsync()));
        var dropped = _dropped.ToList();
        _dropped.Clear();
        await Task.WhenAll(dropped.Select(shard => shard.ClearAsync()));
    }

    private void Split()
    {
        for (var place = 0; place < _shards.Count; place++)
        {
            while (_shards[place].Entries.Count is var count && count > shardSize)
            {
                _shards.Insert(place + 1, _shards[place].Split(Math.Max(count / 2, count - shardSize), _nextNumber++));
                _rangesChanged = true;
            }
        }
    }

    /// <summary>Neighbours that are small together become one, so that a page needs few shards whatever was deleted.</summary>
    private void Merge()
    {
        for (var place = _shards.Count - 2; place >= 0; place--)
        {
            var (lower, upper) = (_shards[place], _shards[place + 1]);
            if (lower.IsTrimmed || upper.IsTrimmed || !lower.IsLoaded || !upper.IsLoaded || lower.Entries.Count + upper.Entries.Count > shardSize / 2)
                continue;
            lower.Absorb(upper);
            _shards.RemoveAt(place + 1);
            _dropped.Add(upper);
            _rangesChanged = true;
        }
    }

    private async Task LoadAllAsync()
    {
        while (_shards.Exists(shard => !shard.IsLoaded))
        {
            await Task.WhenAll(Enumerable.Range(0, _shards.Count).Where(place => !_shards[place].IsLoaded).Take(ReadsAtOnce)
                .Select(place => _shards[place].LoadAsync(EndOf(place))).ToList());
        }
    }

    private string? EndOf(int place) => place + 1 < _shards.Count ? _shards[place + 1].From : null;

    /// <summary>The place of the shard that the id belongs to.</summary>
    private int PlaceOf(string id)
    {
        var (low, high) = (0, _shards.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (string.CompareOrdinal(_shards[middle].From, id) <= 0)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}

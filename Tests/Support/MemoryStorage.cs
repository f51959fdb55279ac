using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Orleans.Storage;
using Sandbox.Cluster.Silo.Storage;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>Storage with etags that outlives the grains of a test, counts what is asked of it, and can hold a write back or break off.</summary>
public sealed class MemoryStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<string, (int ETag, byte[] Json)> _records = new(StringComparer.Ordinal);
    private int _reads;
    private int _changes;

    public int Reads => _reads;

    /// <summary>Writes and removals.</summary>
    public int Changes => _changes;

    /// <summary>The change from which on all fail, counted from 1.</summary>
    public int BreaksAt { get; set; } = int.MaxValue;

    /// <summary>Every change waits for this.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>The records of states whose name begins so.</summary>
    public IReadOnlyList<JsonElement> Records(string stateName) =>
        [.. _records.Where(record => record.Key.StartsWith(stateName, StringComparison.Ordinal)).Select(record => JsonElement.Parse(record.Value.Json))];

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Task.Yield();
        Interlocked.Increment(ref _reads);
        grainState.RecordExists = _records.TryGetValue($"{stateName}/{grainId}", out var record);
        grainState.State = grainState.RecordExists
            ? JsonSerializer.Deserialize<T>(record.Json, RecordSerializer.Json)!
            : Activator.CreateInstance<T>();
        grainState.ETag = grainState.RecordExists ? record.ETag.ToString(CultureInfo.InvariantCulture) : null;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(grainState.State, RecordSerializer.Json);
        var key = $"{stateName}/{grainId}";
        var current = await ChangeAsync(key, grainState.ETag);
        _records[key] = (current + 1, json);
        grainState.ETag = (current + 1).ToString(CultureInfo.InvariantCulture);
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = $"{stateName}/{grainId}";
        await ChangeAsync(key, grainState.ETag);
        _records.TryRemove(key, out _);
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private async Task<int> ChangeAsync(string key, string? etag)
    {
        await Task.Yield();
        await Gate;
        if (Interlocked.Increment(ref _changes) >= BreaksAt)
            throw new IOException("The storage is broken.");
        var exists = _records.TryGetValue(key, out var record);
        var stored = exists ? record.ETag.ToString(CultureInfo.InvariantCulture) : null;
        return stored == etag ? record.ETag : throw new InconsistentStateException("The record was changed.", stored, etag);
    }
}

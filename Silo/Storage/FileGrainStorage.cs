using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orleans.Storage;

namespace Sandbox.Cluster.Silo.Storage;

/// <summary>
/// Grain state in files, for a silo without a cluster: one small JSON file a grain, replaced as a whole, guarded by
/// an etag. The file's name is a hash of the grain's key, so no tenant's string becomes a path.
/// </summary>
internal sealed class FileGrainStorage(string folder) : IGrainStorage
{
    /// <summary>The storage name that the context grains ask for.</summary>
    public const string Name = "contexts";

    // One activation writes one record; a lock only ever meets a second activation, so a few serve all records.
    private readonly SemaphoreSlim[] _writers = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = await ReadAsync<T>(PathOf(stateName, grainId));
        grainState.State = stored is { State: { } state } ? state : Activator.CreateInstance<T>();
        grainState.ETag = stored?.ETag;
        grainState.RecordExists = stored is not null;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var path = PathOf(stateName, grainId);
        using var writer = await LockAsync(path);
        var current = await ReadAsync<T>(path);
        CheckETag(current?.ETag, grainState.ETag);

        var next = new Stored<T>(NextETag(current?.ETag), grainState.State);
        var beside = path + ".new";
        await using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            await JsonSerializer.SerializeAsync(file, next, RecordSerializer.Json);
            file.Flush(flushToDisk: true);
        }
        File.Move(beside, path, overwrite: true);
        grainState.ETag = next.ETag;
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var path = PathOf(stateName, grainId);
        using var writer = await LockAsync(path);
        CheckETag((await ReadAsync<T>(path))?.ETag, grainState.ETag);
        File.Delete(path);
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private static async Task<Stored<T>?> ReadAsync<T>(string path)
    {
        if (!File.Exists(path))
            return null;
        await using var file = File.OpenRead(path);
        return await JsonSerializer.DeserializeAsync<Stored<T>>(file, RecordSerializer.Json)
            ?? throw new InvalidDataException($"{path} holds no record.");
    }

    private static void CheckETag(string? stored, string? current)
    {
        if (stored != current)
            throw new InconsistentStateException("The record was changed by another activation.", stored, current);
    }

    private static string NextETag(string? etag) =>
        ((etag is null ? 0 : long.Parse(etag, CultureInfo.InvariantCulture)) + 1).ToString(CultureInfo.InvariantCulture);

    private string PathOf(string stateName, GrainId grainId)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{stateName}/{grainId}"));
        return Path.Combine(folder, Convert.ToHexStringLower(hash) + ".json");
    }

    private async Task<Lock> LockAsync(string path)
    {
        var writer = _writers[(uint)path.GetHashCode(StringComparison.Ordinal) % (uint)_writers.Length];
        await writer.WaitAsync();
        return new Lock(writer);
    }

    private sealed record Stored<T>(string ETag, T? State);

    private readonly struct Lock(SemaphoreSlim writer) : IDisposable
    {
        public void Dispose() => writer.Release();
    }
}

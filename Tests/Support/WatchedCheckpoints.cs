using System.Collections.Concurrent;
using Sandbox.Cluster.Grains.Checkpoints;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>A store in memory that can be looked into, spoilt and broken.</summary>
internal sealed class WatchedCheckpoints : ICheckpointStore
{
    private readonly ConcurrentDictionary<CheckpointName, byte[]> _stored = new();
    private readonly ConcurrentDictionary<string, int> _refused = new();
    private Func<Task> _beforeWrite = () => Task.CompletedTask;

    /// <summary>Refuses everything.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Lets nothing be stored until it is disposed.</summary>
    public Barrier HoldBack() => new(this);

    /// <summary>How many checkpoints of the context were refused.</summary>
    public int RefusedOf(string contextKey) => _refused.GetValueOrDefault(CheckpointArchive.ContextName(contextKey));

    /// <summary>What a context has here.</summary>
    public IReadOnlyList<CheckpointName> Of(string contextKey) =>
        [.. _stored.Keys.Where(name => name.Context == CheckpointArchive.ContextName(contextKey))];

    /// <summary>What is stored.</summary>
    public byte[] Read(CheckpointName name) => _stored[name];

    /// <summary>Changes what is stored; null removes it.</summary>
    public void Spoil(CheckpointName name, Func<byte[], byte[]?> change)
    {
        if (change(_stored[name]) is { } changed)
            _stored[name] = changed;
        else
            _stored.TryRemove(name, out _);
    }

    /// <summary>Puts something under a name of its own making.</summary>
    public void Put(CheckpointName name, byte[] content) => _stored[name] = content;

    public async Task WriteAsync(CheckpointName name, Stream content, CancellationToken cancellationToken)
    {
        await _beforeWrite();
        if (IsBroken)
            _refused.AddOrUpdate(name.Context, 1, (_, count) => count + 1);
        Refuse();
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, cancellationToken);
        _stored[name] = copy.ToArray();
    }

    public async Task<bool> ReadAsync(CheckpointName name, Stream destination, CancellationToken cancellationToken)
    {
        Refuse();
        if (!_stored.TryGetValue(name, out var content))
            return false;
        await destination.WriteAsync(content, cancellationToken);
        return true;
    }

    public Task DeleteAsync(CheckpointName name, CancellationToken cancellationToken)
    {
        Refuse();
        _stored.TryRemove(name, out _);
        return Task.CompletedTask;
    }

    public Task DeleteAllAsync(string context, CancellationToken cancellationToken)
    {
        Refuse();
        foreach (var name in _stored.Keys.Where(name => name.Context == context))
            _stored.TryRemove(name, out _);
        return Task.CompletedTask;
    }

    private void Refuse()
    {
        if (IsBroken)
            throw new IOException("The store is broken.");
    }

    /// <summary>What holds checkpoints back.</summary>
    internal sealed class Barrier : IDisposable
    {
        private readonly WatchedCheckpoints _store;
        private readonly TaskCompletionSource _reached = new();
        private readonly TaskCompletionSource _open = new();

        public Barrier(WatchedCheckpoints store)
        {
            _store = store;
            store._beforeWrite = () =>
            {
                _reached.TrySetResult();
                return _open.Task;
            };
        }

        /// <summary>A checkpoint is about to be stored.</summary>
        public Task ReachedAsync() => _reached.Task.WaitAsync(Eventually.Bound);

        public void Dispose()
        {
            _store._beforeWrite = () => Task.CompletedTask;
            _open.TrySetResult();
        }
    }
}

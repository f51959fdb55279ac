using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Capacity;

/// <summary>The contexts that this silo may hold: the authority, whatever others believe of it.</summary>
internal sealed class SiloSlots(IOptions<CapacityOptions> options, IInterpreterPool interpreters, IHostApplicationLifetime lifetime)
{
    private readonly int _max = options.Value.MaxContexts ?? OfMemory(options.Value.BytesPerContext);
    private int _live;

    /// <summary>How this silo is loaded now.</summary>
    public SiloLoad Load =>
        new(Volatile.Read(ref _live), _max, interpreters.IsReady, lifetime.ApplicationStopping.IsCancellationRequested);

    /// <summary>Takes a slot, which goes back with <see cref="Release"/>; false when there is none.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _live) <= _max)
            return true;
        Interlocked.Decrement(ref _live);
        return false;
    }

    /// <summary>Gives a slot back.</summary>
    public void Release() => Interlocked.Decrement(ref _live);

    private static int OfMemory(long bytesPerContext) =>
        (int)Math.Max(1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / bytesPerContext);
}

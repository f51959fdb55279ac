using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Tests.Grains.Capacity;

public sealed class SiloSlotsTests : IDisposable
{
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);

    [Fact]
    public void TryTake_GivesAsManyAsThereAre()
    {
        var slots = New(maxContexts: 2);
        Assert.True(slots.TryTake() && slots.TryTake());
        Assert.False(slots.TryTake());
        Assert.Equal((2, 2, false), (slots.Load.Live, slots.Load.Max, slots.Load.HasRoom));
        slots.Release();
        Assert.True(slots.Load.HasRoom);
        Assert.True(slots.TryTake());
    }

    [Fact]
    public async Task TryTake_FromManyThreads_GivesNoneTwice()
    {
        var slots = New(maxContexts: 100);
        var taken = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => Task.Run(slots.TryTake)));
        Assert.Equal(100, taken.Count(isTaken => isTaken));
        Assert.Equal(100, slots.Load.Live);
    }

    [Fact]
    public void Load_OfASiloThatLeaves_HasNoRoom()
    {
        var slots = New(maxContexts: 2);
        Assert.True(slots.Load.HasRoom);
        _lifetime.StopApplication();
        Assert.False(slots.Load.HasRoom);
    }

    [Fact]
    public void Max_ByDefault_IsWhatMemoryAllows()
    {
        var slots = New(maxContexts: null, bytesPerContext: GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 7);
        Assert.Equal(7, slots.Load.Max);
    }

    public void Dispose() => _lifetime.StopApplication();

    private SiloSlots New(int? maxContexts, long bytesPerContext = 1 << 20) => new(
        Options.Create(new CapacityOptions { MaxContexts = maxContexts, BytesPerContext = bytesPerContext }), new NoInterpreters(), _lifetime);

    private sealed class NoInterpreters : IInterpreterPool
    {
        public bool IsReady => true;

        public Task<IHome> OpenHomeAsync(Language language, string tenant, Surroundings surroundings, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}

using Orleans.Storage;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>Storage that refuses to write while it is broken.</summary>
public sealed class BreakableStorage(IGrainStorage inner) : IGrainStorage
{
    public bool IsBroken { get; set; }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ReadStateAsync(stateName, grainId, grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => IsBroken
        ? throw new IOException("The storage is broken.")
        : inner.WriteStateAsync(stateName, grainId, grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ClearStateAsync(stateName, grainId, grainState);
}

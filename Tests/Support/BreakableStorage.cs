using Orleans.Storage;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>Storage that refuses to write while it is broken, or writes and does not say so.</summary>
public sealed class BreakableStorage(IGrainStorage inner) : IGrainStorage
{
    public bool IsBroken { get; set; }

    public bool LosesAnswers { get; set; }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ReadStateAsync(stateName, grainId, grainState);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (IsBroken)
            throw new IOException("The storage is broken.");
        if (!LosesAnswers)
        {
            await inner.WriteStateAsync(stateName, grainId, grainState);
            return;
        }
        // Who has no answer does not know the new etag.
        await inner.WriteStateAsync(
            stateName, grainId, new GrainState<T>(grainState.State, grainState.ETag) { RecordExists = grainState.RecordExists });
        throw new TimeoutException("The storage did not answer.");
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ClearStateAsync(stateName, grainId, grainState);
}

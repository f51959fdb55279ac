using Orleans.Concurrency;
using Sandbox.Cluster.Grains.Interfaces.Capacity;

namespace Sandbox.Cluster.Grains.Capacity;

/// <summary>Tells outside of the silos what the board says. Updates nothing.</summary>
[StatelessWorker]
internal sealed class CapacityGrain(CapacityBoard board) : Grain, ICapacityGrain
{
    public Task<bool> TakesContexts() => Task.FromResult(board.TakesContexts);
}

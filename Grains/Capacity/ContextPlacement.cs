using Orleans.Placement;
using Orleans.Runtime.Placement;
using Sandbox.Cluster.Grains.Interfaces.Capacity;

namespace Sandbox.Cluster.Grains.Capacity;

/// <summary>A context goes where there is room for it; where there is none anywhere, its caller is told so at once.</summary>
[Serializable, GenerateSerializer, Immutable, Alias("ContextPlacement")]
internal sealed class ContextPlacement : PlacementStrategy
{
    public static ContextPlacement Instance { get; } = new();
}

/// <summary>Marks grains that are placed by <see cref="ContextPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ContextPlacementAttribute() : PlacementAttribute(ContextPlacement.Instance);

/// <summary>Runs on the silo that was called first for a context that is nowhere.</summary>
internal sealed class ContextPlacementDirector(CapacityBoard board) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context) =>
        board.Reserve(context.GetCompatibleSilos(target)) is { } silo
            ? Task.FromResult(silo)
            : Task.FromException<SiloAddress>(new ClusterFullException());
}

namespace Sandbox.Cluster.Grains.Interfaces.Capacity;

/// <summary>What is known of the room that the cluster's silos have. One key: <see cref="Key"/>.</summary>
[Alias("capacity")]
public interface ICapacityGrain : IGrainWithIntegerKey
{
    /// <summary>The only key.</summary>
    const long Key = 0;

    /// <summary>Whether any silo could take a new context now.</summary>
    [Alias("takesContexts"), ResponseTimeout("00:00:03")]
    Task<bool> TakesContexts();
}

namespace Sandbox.Cluster.Grains.Capacity;

/// <summary>What a silo says of itself.</summary>
/// <param name="Live">Contexts that it holds.</param>
/// <param name="Max">Contexts that it may hold.</param>
/// <param name="IsReady">Whether it could start an interpreter of every language.</param>
/// <param name="IsLeaving">Whether it is shutting down.</param>
[GenerateSerializer, Immutable, Alias("SiloLoad")]
internal sealed record SiloLoad(
    [property: Id(0)] int Live, [property: Id(1)] int Max, [property: Id(2)] bool IsReady, [property: Id(3)] bool IsLeaving)
{
    /// <summary>Whether one more may be placed here.</summary>
    public bool HasRoom => !IsLeaving && Live < Max;
}

namespace Sandbox.Cluster.Grains.Interfaces.Contexts;

/// <summary>What an answer has to say of a context's state.</summary>
/// <param name="State">What became of it.</param>
/// <param name="Incarnation">1, and one more whenever its line was broken.</param>
/// <param name="RestoredTo">Which execution it is that of, when it was rolled back.</param>
[GenerateSerializer, Immutable, Alias("ContextNews")]
public sealed record ContextNews(
    [property: Id(0)] ContextState State, [property: Id(1)] int Incarnation, [property: Id(2)] int? RestoredTo = null);

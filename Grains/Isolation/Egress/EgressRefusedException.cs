namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>A connection gets no tunnel; says nothing but why.</summary>
internal sealed class EgressRefusedException(EgressOutcome outcome) : Exception($"The connection is refused: {outcome}.")
{
    /// <summary>Why.</summary>
    public EgressOutcome Outcome { get; } = outcome;
}

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>Where bytes of a tunnel go.</summary>
internal enum EgressDirection
{
    /// <summary>From user code to the host.</summary>
    Out,

    /// <summary>From the host to user code.</summary>
    In,
}

namespace Sandbox.Cluster.Grains.Interfaces.Capacity;

/// <summary>
/// No silo has room for another context. Not an <see cref="Orleans.Runtime.OrleansException"/>: those are tried again, and what
/// a caller is to hear at once would take three times as long.
/// </summary>
[GenerateSerializer, Alias("ClusterFullException")]
public sealed class ClusterFullException : Exception
{
    /// <summary>With the message that a client may read.</summary>
    public ClusterFullException() : base("The cluster has no room for another context at the moment.")
    {
    }
}

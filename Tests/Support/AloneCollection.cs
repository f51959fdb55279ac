namespace Sandbox.Cluster.Tests.Support;

/// <summary>
/// Tests that load the machine: they run after all others, one after the other. Nobody waits in vain because of them, and what
/// they see of a neighbour is of their own doing.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}

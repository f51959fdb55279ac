namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>Why an execution is interrupted before its end.</summary>
[GenerateSerializer, Alias("InterruptCause")]
public enum InterruptCause
{
    /// <summary>Its timeout passed.</summary>
    DeadlinePassed = 0,

    /// <summary>A client asked for it.</summary>
    Requested = 1,

    /// <summary>The client that waited for the answer is gone.</summary>
    ClientGone = 2,

    /// <summary>The silo is shutting down.</summary>
    ShuttingDown = 3,
}

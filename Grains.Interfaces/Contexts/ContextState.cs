namespace Sandbox.Cluster.Grains.Interfaces.Contexts;

/// <summary>What an answer says of the state that its execution found or left: the header <c>Context-State</c>.</summary>
[GenerateSerializer, Alias("ContextState")]
public enum ContextState
{
    /// <summary>This call created the context.</summary>
    New = 0,

    /// <summary>The state is what the previous answer left.</summary>
    Kept = 1,

    /// <summary>What was there is gone. Said once; the next answer is <see cref="Kept"/>, from a new incarnation.</summary>
    Lost = 2,

    /// <summary>It was woken or moved since the previous answer, and nothing was lost.</summary>
    Restored = 3,

    /// <summary>It came back from an older checkpoint. Said once.</summary>
    RolledBack = 4,
}

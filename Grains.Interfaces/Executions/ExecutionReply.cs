using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>What a context answers: one of the records below, and nothing else.</summary>
[GenerateSerializer, Immutable, Alias("ExecutionReply")]
public abstract record ExecutionReply
{
    private protected ExecutionReply()
    {
    }
}

/// <summary>The execution is over.</summary>
/// <param name="Result">What it left.</param>
/// <param name="StoredOf">
/// Null when the code has just run. Otherwise nothing was run, and this is the stored answer of the execution named: the same
/// one that was sent again, or another of the same key.
/// </param>
[GenerateSerializer, Immutable, Alias("ExecutionEnded")]
public sealed record ExecutionEnded([property: Id(0)] ExecutionResult Result, [property: Id(1)] string? StoredOf = null) : ExecutionReply;

/// <summary>The execution waits or runs; go on with <see cref="IContextGrain.Follow"/>.</summary>
/// <param name="InsteadOf">Null, or the execution of the same key that waits or runs already, and that is the one to ask for.</param>
[GenerateSerializer, Immutable, Alias("ExecutionPending")]
public sealed record ExecutionPending([property: Id(0)] string? InsteadOf = null) : ExecutionReply;

/// <summary>
/// This activation knows no such execution. Sent again with its <see cref="ExecuteCommand.Age"/>, it may be found in what the
/// context's state remembers.
/// </summary>
[GenerateSerializer, Immutable, Alias("ExecutionUnknown")]
public sealed record ExecutionUnknown : ExecutionReply;

/// <summary>The execution may have run, and nobody can tell how far it got: its state was lost, or is an older one.</summary>
[GenerateSerializer, Immutable, Alias("ExecutionInDoubt")]
public sealed record ExecutionInDoubt : ExecutionReply;

/// <summary>The execution was not accepted, and nothing of it ran.</summary>
/// <param name="Reason">Why.</param>
/// <param name="ContextLanguage">The language of the context that refused.</param>
[GenerateSerializer, Immutable, Alias("ExecutionRefused")]
public sealed record ExecutionRefused(
    [property: Id(0)] RefusalReason Reason,
    [property: Id(1)] Language ContextLanguage) : ExecutionReply;

/// <summary>Why a context accepts no execution.</summary>
[GenerateSerializer, Alias("RefusalReason")]
public enum RefusalReason
{
    /// <summary>The command names another language than the context's.</summary>
    LanguageMismatch = 0,

    /// <summary>As many executions wait as may wait.</summary>
    QueueFull = 1,

    /// <summary>The silo is shutting down, or this activation failed: a later try reaches another one.</summary>
    Unavailable = 2,

    /// <summary>No silo has room for another context.</summary>
    ClusterFull = 3,

    /// <summary>The tenant has as many contexts as it may have.</summary>
    ContextQuota = 4,

    /// <summary>An execution of the same key waits or runs.</summary>
    KeyInUse = 5,

    /// <summary>Another request was sent with the same key before.</summary>
    KeyReused = 6,
}

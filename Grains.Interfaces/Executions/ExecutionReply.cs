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
[GenerateSerializer, Immutable, Alias("ExecutionEnded")]
public sealed record ExecutionEnded([property: Id(0)] ExecutionResult Result) : ExecutionReply;

/// <summary>The execution waits or runs; go on with <see cref="IContextGrain.Follow"/>.</summary>
[GenerateSerializer, Immutable, Alias("ExecutionPending")]
public sealed record ExecutionPending : ExecutionReply;

/// <summary>
/// This activation knows no such execution: the one that did is gone, and with it the knowledge of how far the code got.
/// </summary>
[GenerateSerializer, Immutable, Alias("ExecutionUnknown")]
public sealed record ExecutionUnknown : ExecutionReply;

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
}

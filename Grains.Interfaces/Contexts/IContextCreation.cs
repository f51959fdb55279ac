using Orleans.Concurrency;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Interfaces.Contexts;

/// <summary>The making of a context on purpose, without code. The same grain as <see cref="IContextGrain"/>.</summary>
[Alias("contextCreation")]
public interface IContextCreation : IGrainWithStringKey
{
    /// <summary>
    /// Creates the context and starts its interpreter. Answers within about two seconds, with <see cref="CreationPending"/> when
    /// it is not ready by then; asked again, also of another activation, it goes on with the one creation.
    /// </summary>
    [Alias("create"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<CreationReply> Create(CreateContextCommand command, CancellationToken cancellationToken);
}

/// <summary>What a new context is to be. The Api has checked every field against the HTTP contract.</summary>
/// <param name="Language">Its language.</param>
/// <param name="Directory">Where its code starts, below the home: names with <c>/</c> between them; empty for the home.</param>
/// <param name="Environment">Set as long as the context lives; null for none.</param>
/// <param name="IdleTimeout">How long it keeps its interpreter without being used; null for the silo's own.</param>
/// <param name="Metadata">The tenant's own words, handed back with its description; null for none.</param>
[GenerateSerializer, Immutable, Alias("CreateContextCommand")]
public sealed record CreateContextCommand(
    [property: Id(0)] Language Language,
    [property: Id(1)] string Directory,
    [property: Id(2)] Dictionary<string, string>? Environment,
    [property: Id(3)] TimeSpan? IdleTimeout,
    [property: Id(4)] Dictionary<string, string>? Metadata)
{
    /// <summary>Without what a tenant wrote.</summary>
    public override string ToString() => $"{nameof(CreateContextCommand)} {Language}";
}

/// <summary>What became of a creation: one of the records below, and nothing else.</summary>
[GenerateSerializer, Immutable, Alias("CreationReply")]
public abstract record CreationReply
{
    private protected CreationReply()
    {
    }
}

/// <summary>The context is there, and its interpreter ready.</summary>
/// <param name="Context">What it is.</param>
[GenerateSerializer, Immutable, Alias("ContextCreated")]
public sealed record ContextCreated([property: Id(0)] ContextDescription Context) : CreationReply;

/// <summary>It is under way; ask again.</summary>
[GenerateSerializer, Immutable, Alias("CreationPending")]
public sealed record CreationPending : CreationReply;

/// <summary>There is no context.</summary>
/// <param name="Reason">Why.</param>
[GenerateSerializer, Immutable, Alias("CreationRefused")]
public sealed record CreationRefused([property: Id(0)] RefusalReason Reason) : CreationReply;

using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>A context: one persistent session.</summary>
/// <param name="Id">Its id within its tenant.</param>
/// <param name="Language"><c>python</c> or <c>typescript</c>.</param>
/// <param name="Cwd">Where its code starts.</param>
/// <param name="State"><c>idle</c>, <c>running</c> or <c>hibernated</c>.</param>
/// <param name="Incarnation">1, and one more whenever the line of its state was broken.</param>
/// <param name="ExecutionCount">Executions since its state began.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="LastUsedAt">When it was used last.</param>
/// <param name="ExpiresAt">When it is removed if nobody uses it until then; left out where contexts are kept for ever.</param>
/// <param name="Metadata">What it was given when it was created.</param>
internal sealed record ContextAnswer(
    string Id,
    string Language,
    string Cwd,
    string State,
    int Incarnation,
    int ExecutionCount,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastUsedAt,
    DateTimeOffset? ExpiresAt = null,
    IReadOnlyDictionary<string, string>? Metadata = null)
{
    /// <summary>What a context says of itself, in the contract's words.</summary>
    public static ContextAnswer Of(ContextDescription context) => new(
        context.ContextId,
        LanguageNames.Of(context.Language),
        context.Directory,
        NameOf(context.Activity),
        context.Incarnation,
        context.ExecutionCount,
        context.CreatedAt,
        context.LastUsedAt,
        context.ExpiresAt,
        context.Metadata);

    private static string NameOf(ContextActivity activity) => activity switch
    {
        ContextActivity.Idle => "idle",
        ContextActivity.Running => "running",
        ContextActivity.Hibernated => "hibernated",
        _ => throw new ArgumentOutOfRangeException(nameof(activity), activity, null),
    };
}

/// <summary>A page of a tenant's contexts.</summary>
/// <param name="Items">The contexts. Fewer than were asked for does not mean that there are no more.</param>
/// <param name="NextCursor">Where the next page begins; left out with the last one.</param>
internal sealed record ContextListAnswer(IReadOnlyList<ContextAnswer> Items, string? NextCursor);

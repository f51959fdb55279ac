namespace Sandbox.Cluster.Grains.Interfaces.Tenants;

/// <summary>A tenant, as far as it has contexts. The key is the tenant's name.</summary>
[Alias("tenant")]
public interface ITenantGrain : IGrainWithStringKey
{
    /// <summary>
    /// The ids of the tenant's contexts, in the order of their bytes. One may be among them that is being created or was
    /// just deleted.
    /// </summary>
    /// <param name="after">Only those behind this id; null: from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [Alias("list"), ResponseTimeout("00:00:10")]
    Task<ContextIdPage> List(string? after, int limit, CancellationToken cancellationToken);
}

/// <summary>A part of a list of ids.</summary>
/// <param name="Ids">The ids.</param>
/// <param name="HasMore">Whether there are more behind the last of them.</param>
[GenerateSerializer, Immutable, Alias("ContextIdPage")]
public sealed record ContextIdPage([property: Id(0)] IReadOnlyList<string> Ids, [property: Id(1)] bool HasMore)
{
    /// <summary>The size alone.</summary>
    public override string ToString() => $"{nameof(ContextIdPage)} of {Ids.Count}";
}

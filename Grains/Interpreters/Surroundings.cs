namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>What every interpreter of a context begins with.</summary>
/// <param name="Directory">Below the home: names with <c>/</c> between them, none <c>.</c> or <c>..</c>; empty for the home.</param>
/// <param name="Environment">Variables that stay set; null for none.</param>
public sealed record Surroundings(string Directory, IReadOnlyDictionary<string, string>? Environment)
{
    /// <summary>Nothing in particular.</summary>
    public static Surroundings Default { get; } = new("", null);

    /// <summary>Without what a tenant wrote.</summary>
    public override string ToString() => nameof(Surroundings);
}

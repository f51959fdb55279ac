using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>What was asked for when a context was made on purpose. Part of its record: it never changes.</summary>
[GenerateSerializer, Alias("ContextSettings")]
internal sealed record ContextSettings
{
    /// <summary>Below the home; empty for the home itself.</summary>
    [Id(0)]
    public string Directory { get; init; } = "";

    [Id(1)]
    public Dictionary<string, string>? Environment { get; init; }

    /// <summary>Null: the silo's own.</summary>
    [Id(2)]
    public TimeSpan? IdleTimeout { get; init; }

    [Id(3)]
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>What every interpreter of the context begins with.</summary>
    public Surroundings Surroundings => new(Directory, Environment);

    public static ContextSettings Of(CreateContextCommand command) => new()
    {
        Directory = command.Directory,
        Environment = command.Environment,
        IdleTimeout = command.IdleTimeout,
        Metadata = command.Metadata,
    };

    /// <summary>Without what a tenant wrote.</summary>
    public override string ToString() => nameof(ContextSettings);
}

namespace Sandbox.Cluster.Grains.Interfaces.Contexts;

/// <summary>The language of a context; it never changes in the context's life.</summary>
[GenerateSerializer, Alias("Language")]
public enum Language
{
    /// <summary>CPython with IPython's shell.</summary>
    Python = 0,

    /// <summary>TypeScript and JavaScript on Bun.</summary>
    TypeScript = 1,
}

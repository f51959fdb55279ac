namespace Sandbox.Cluster.Grains.Interfaces.Contexts;

/// <summary>Looks at contexts without starting any: a hibernated one is not even activated. One key: <see cref="Key"/>.</summary>
[Alias("contextReader")]
public interface IContextReaderGrain : IGrainWithIntegerKey
{
    /// <summary>The only key.</summary>
    const long Key = 0;

    /// <summary>The contexts that one call may ask for.</summary>
    const int MaxContexts = 100;

    /// <summary>Describes contexts of any tenant; in their order, null where there is none.</summary>
    /// <param name="keys">Keys of contexts, at most <see cref="MaxContexts"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [Alias("describe"), ResponseTimeout("00:00:10")]
    Task<IReadOnlyList<ContextDescription?>> Describe(IReadOnlyList<string> keys, CancellationToken cancellationToken);
}

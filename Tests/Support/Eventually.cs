namespace Sandbox.Cluster.Tests.Support;

/// <summary>Bounded waits on a condition.</summary>
internal static class Eventually
{
    /// <summary>How long anything may take that has no deadline of its own.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    /// <summary>Looks again and again until it is so.</summary>
    public static Task UntilAsync(Func<bool> condition, TimeSpan? within = null) => UntilAsync(() => Task.FromResult(condition()), within);

    /// <inheritdoc cref="UntilAsync(Func{bool}, TimeSpan?)"/>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan? within = null)
    {
        using var bound = new CancellationTokenSource(within ?? Bound);
        while (!await condition())
            await Task.Delay(20, bound.Token);
    }
}

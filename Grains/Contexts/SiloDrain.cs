using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Empties a silo that shuts down, before Orleans does: contexts that are put to sleep here still answer, so whoever calls them
/// meanwhile is sent elsewhere at once instead of waiting for the end of it.
/// </summary>
internal sealed partial class SiloDrain(IOptions<ContextOptions> options, TimeProvider time, ILogger<SiloDrain> logger) : IHostedService
{
    private static readonly TimeSpan BetweenWords = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<object, Func<CancellationToken, Task>> _contexts = new();

    /// <summary>A context that is here until <see cref="Remove"/>.</summary>
    /// <param name="context">Its activation.</param>
    /// <param name="leave">Ends what it runs, saves it and lets it go. Any thread.</param>
    public void Add(object context, Func<CancellationToken, Task> leave) => _contexts[context] = leave;

    /// <summary>It is gone.</summary>
    public void Remove(object context) => _contexts.TryRemove(context, out _);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_contexts.IsEmpty)
            return;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(options.Value.DrainTimeout);
        await using var words = time.CreateTimer(_ => LogDraining(logger, _contexts.Count), null, TimeSpan.Zero, BetweenWords);
        await Task.WhenAll(_contexts.Values.Select(leave => leave(bound.Token))).WaitAsync(bound.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        LogDrained(logger, _contexts.Count);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Shutting down: {Contexts} contexts are being put to sleep")]
    private static partial void LogDraining(ILogger logger, int contexts);

    [LoggerMessage(Level = LogLevel.Information, Message = "Shutting down: {Contexts} contexts are left")]
    private static partial void LogDrained(ILogger logger, int contexts);
}

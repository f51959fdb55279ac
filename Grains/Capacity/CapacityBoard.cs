using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Grains.Capacity;

/// <summary>
/// What this silo knows of the room on all of them: asked for in the background, so that placing a context asks nobody, and
/// counted down here for what was placed since.
/// </summary>
internal sealed partial class CapacityBoard(
    SiloLoadClient client,
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    SiloSlots slots,
    IOptions<CapacityOptions> options,
    TimeProvider time,
    ILogger<CapacityBoard> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<SiloAddress, Entry> _silos = new();

    /// <summary>Whether any silo could take a new context and start its interpreter.</summary>
    public bool TakesContexts => _silos.Values.Any(silo => silo.Load is { HasRoom: true, IsReady: true });

    /// <summary>The least loaded of the candidates that has room, which is then counted there; null when none has any.</summary>
    public SiloAddress? Reserve(IEnumerable<SiloAddress> candidates)
    {
        (SiloAddress Silo, Entry Entry, SiloLoad Load)? best = null;
        foreach (var candidate in candidates)
        {
            if (_silos.TryGetValue(candidate, out var entry) && entry.Load is { HasRoom: true } load && (best is not { } other || IsBetter(load, other.Load)))
                best = (candidate, entry, load);
        }
        best?.Entry.Reserve();
        return best?.Silo;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.PollInterval, time);
        do
        {
            var active = membership.CurrentSnapshot.Members.Values
                .Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress).ToHashSet();
            foreach (var gone in _silos.Keys.Where(silo => !active.Contains(silo)))
                _silos.TryRemove(gone, out _);
            await Task.WhenAll(active.Select(AskAsync));
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static bool IsBetter(SiloLoad one, SiloLoad other) => one.IsReady != other.IsReady
        ? one.IsReady
        : (long)one.Live * other.Max < (long)other.Live * one.Max;

    private async Task AskAsync(SiloAddress silo)
    {
        try
        {
            _silos[silo] = new Entry(silo.Equals(self.SiloAddress) ? slots.Load : await client.LoadOfAsync(silo));
        }
        catch (Exception e)
        {
            // A silo that does not answer takes nothing; whether it is dead is for others to say.
            _silos.TryRemove(silo, out _);
            LogSilent(logger, silo, e);
        }
    }

    /// <summary>A silo's word, and what was placed on it since.</summary>
    private sealed class Entry(SiloLoad said)
    {
        private int _reserved;

        public SiloLoad Load => said with { Live = said.Live + Volatile.Read(ref _reserved) };

        public void Reserve() => Interlocked.Increment(ref _reserved);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Silo} did not say how loaded it is")]
    private static partial void LogSilent(ILogger logger, SiloAddress silo, Exception exception);
}

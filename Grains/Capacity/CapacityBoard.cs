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
    private const int IntervalsUntilStale = 4;

    private readonly ConcurrentDictionary<SiloAddress, Entry> _silos = new();

    /// <summary>Whether any silo could take a new context and start its interpreter.</summary>
    public bool TakesContexts => _silos.Values.Any(silo => IsFresh(silo) && silo.Load is { HasRoom: true, IsReady: true });

    /// <summary>The one of the candidates that takes a context, which is then counted there; null when none has room.</summary>
    public SiloAddress? Reserve(IEnumerable<SiloAddress> candidates)
    {
        var known = new List<(SiloAddress, SiloLoad)>();
        foreach (var candidate in candidates)
        {
            if (_silos.TryGetValue(candidate, out var entry) && IsFresh(entry))
                known.Add((candidate, entry.Load));
        }
        var chosen = SiloChoice.Of(known, self.SiloAddress);
        if (chosen is not null && _silos.TryGetValue(chosen, out var reserved))
            reserved.Reserve();
        return chosen;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var asked = new ConcurrentDictionary<SiloAddress, Task>();
        using var timer = new PeriodicTimer(options.Value.PollInterval, time);
        do
        {
            var active = membership.CurrentSnapshot.Members.Values
                .Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress).ToHashSet();
            foreach (var gone in _silos.Keys.Where(silo => !active.Contains(silo)))
                _silos.TryRemove(gone, out _);
            // Nobody waits for one that is silent; it is asked again when it has answered, or has been given up.
            foreach (var silo in active.Where(silo => !asked.TryGetValue(silo, out var task) || task.IsCompleted))
                asked[silo] = AskAsync(silo);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>A silo that has stopped answering takes nothing, long before anybody declares it dead.</summary>
    private bool IsFresh(Entry entry) => time.GetElapsedTime(entry.At) < options.Value.PollInterval * IntervalsUntilStale;

    private async Task AskAsync(SiloAddress silo)
    {
        try
        {
            _silos[silo] = new Entry(silo.Equals(self.SiloAddress) ? slots.Load : await client.LoadOfAsync(silo), time.GetTimestamp());
        }
        catch (Exception e)
        {
            // A silo that does not answer takes nothing; whether it is dead is for others to say.
            _silos.TryRemove(silo, out _);
            LogSilent(logger, silo, e);
        }
    }

    /// <summary>A silo's word, and what was placed on it since.</summary>
    private sealed class Entry(SiloLoad said, long at)
    {
        public long At => at;

        private int _reserved;

        public SiloLoad Load => said with { Live = said.Live + Volatile.Read(ref _reserved) };

        public void Reserve() => Interlocked.Increment(ref _reserved);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Silo} did not say how loaded it is")]
    private static partial void LogSilent(ILogger logger, SiloAddress silo, Exception exception);
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>
/// Tells the launchers, again and again, that this silo may run code. A silo that was frozen may have been declared dead and its
/// contexts have moved: its launchers have halted theirs, and hear of it again only when the membership says that it lives.
/// </summary>
internal sealed partial class SiloPulse(
    LauncherPool launchers, IServiceProvider services, IOptions<InterpreterOptions> options, TimeProvider time, ILogger<SiloPulse> logger)
    : BackgroundService
{
    private const int BeatsInALease = 4;

    // Late by more than that and the launchers may have halted already.
    private const int BeatsUntilLate = 2;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = options.Value.SiloLease / BeatsInALease;
        using var timer = new PeriodicTimer(interval, time);
        var last = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (time.GetElapsedTime(last) > interval * BeatsUntilLate && !await IsMemberAsync(options.Value.SiloLease))
                continue;
            await launchers.BeatAsync();
            last = time.GetTimestamp();
        }
    }

    private async Task<bool> IsMemberAsync(TimeSpan patience)
    {
        try
        {
            // Only now: Orleans comes after us, and there is nobody to ask before.
            var membership = services.GetRequiredService<IClusterMembershipService>();
            await membership.Refresh().AsTask().WaitAsync(patience, time);
            var isDead = membership.CurrentSnapshot.GetSiloStatus(services.GetRequiredService<ILocalSiloDetails>().SiloAddress) == SiloStatus.Dead;
            if (isDead)
                LogDead(logger);
            return !isDead;
        }
        catch (Exception e)
        {
            LogUnknown(logger, e);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "This silo was silent for too long and is dead to its cluster; its contexts stay halted")]
    private static partial void LogDead(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This silo was silent and cannot ask whether it is still a member; its contexts stay halted")]
    private static partial void LogUnknown(ILogger logger, Exception exception);
}

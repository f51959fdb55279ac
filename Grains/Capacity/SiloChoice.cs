namespace Sandbox.Cluster.Grains.Capacity;

/// <summary>Which silo takes a new context.</summary>
internal static class SiloChoice
{
    // Of a silo's places. Small enough that a silo that joins takes its share, and that one of a few places counts each of them.
    private const double Slack = 0.05;

    /// <summary>
    /// The least loaded of those that have room, one that is ready before one that is not, and null when none has any; but the
    /// one that is asked, where it is about as good. An Api sends all calls to a context through the same silo, so that one is asked
    /// first, and each call to a context elsewhere passes through it.
    /// </summary>
    /// <param name="silos">All that could take it.</param>
    /// <param name="asked">The silo that was asked.</param>
    public static SiloAddress? Of(IEnumerable<(SiloAddress Silo, SiloLoad Load)> silos, SiloAddress asked)
    {
        var candidates = silos.Where(one => one.Load.HasRoom).ToArray();
        if (candidates.Length == 0)
            return null;
        var best = candidates.MinBy(one => (!one.Load.IsReady, Share(one.Load)));
        return candidates.Any(one => one.Silo.Equals(asked) && IsAboutAsGood(one.Load, best.Load)) ? asked : best.Silo;
    }

    private static bool IsAboutAsGood(SiloLoad one, SiloLoad best) => one.IsReady == best.IsReady && Share(one) <= Share(best) + Slack;

    private static double Share(SiloLoad load) => (double)load.Live / load.Max;
}

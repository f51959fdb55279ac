using Sandbox.Cluster.Grains.Tenants;

namespace Sandbox.Cluster.Grains.Retention;

/// <summary>
/// Goes through a tenant's contexts, a few at a time, and looks at those that may be past their time. Each is looked at once when the index is
/// new, and then not before it can be over: use only puts that off.
/// </summary>
/// <param name="index">The contexts.</param>
/// <param name="look">Removes a context if its time is over; when it has to be looked at again, null: it is gone.</param>
/// <param name="time">The clock.</param>
internal sealed class RetentionSweep(ContextIndex index, Func<string, Task<DateTimeOffset?>> look, TimeProvider time)
{
    /// <summary>How many are looked at in one pass.</summary>
    public const int LooksAPass = 256;

    /// <summary>What could not be looked at, or has been used since its record was written, has to wait so long at least.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private const int LooksAtOnce = 16;

    /// <summary>One pass. Never faults for what happens to a context.</summary>
    public async Task PassAsync()
    {
        var due = await index.DueAsync(time.GetUtcNow(), LooksAPass);
        foreach (var some in due.Chunk(LooksAtOnce))
            await Task.WhenAll(some.Select(LookAsync));
    }

    private async Task LookAsync(string id)
    {
        var soonest = time.GetUtcNow() + Pause;
        try
        {
            var again = await look(id);
            index.LookAgain(id, again > soonest ? again.Value : soonest);
        }
        catch (Exception)
        {
            // A full cluster, a silo that is gone: the next pass but one finds out.
            index.LookAgain(id, soonest);
        }
    }
}

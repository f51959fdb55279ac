namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Calls for a save when a context has been quiet for a while; where it comes to nothing, again after ever longer times. Lives on
/// its grain's scheduler.
/// </summary>
internal sealed class QuietSaves(Func<Task<SaveOutcome>> save, TimeSpan quiet) : IDisposable
{
    // Of a session that gives no checkpoint: it may never give one, and each attempt costs.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    // A store that is away comes back, and what is quiet then shall not be lost for long.
    private readonly TimeSpan _longestPauseForStore = quiet * 4;

    private IGrainTimer? _timer;
    private TimeSpan _pause;

    /// <summary>Once, when the grain is activated.</summary>
    public void Start(IGrainBase grain) => _timer = grain.RegisterGrainTimer(
        SaveAsync, new GrainTimerCreationOptions { DueTime = Timeout.InfiniteTimeSpan, Period = Timeout.InfiniteTimeSpan, Interleave = true });

    /// <summary>Something has happened: the quiet begins now.</summary>
    public void Arm()
    {
        _pause = quiet;
        _timer?.Change(quiet, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _timer = null;
    }

    private async Task SaveAsync()
    {
        var outcome = await save();
        if (outcome == SaveOutcome.Saved)
            return;
        var longest = outcome == SaveOutcome.StoreFailed ? _longestPauseForStore : LongestPause;
        _pause = _pause * 2 < longest ? _pause * 2 : longest;
        _timer?.Change(_pause, Timeout.InfiniteTimeSpan);
    }
}

/// <summary>What became of a save.</summary>
internal enum SaveOutcome
{
    /// <summary>Nothing is left that could be lost.</summary>
    Saved,

    /// <summary>The session gave no checkpoint, or went on meanwhile.</summary>
    None,

    /// <summary>It could not be stored, or not be recorded.</summary>
    StoreFailed,
}

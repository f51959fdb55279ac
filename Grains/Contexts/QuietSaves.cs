namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Calls for a save when a context has been quiet for a while; where it fails, again after ever longer times. Lives on its
/// grain's scheduler.
/// </summary>
internal sealed class QuietSaves(Func<Task<bool>> save, TimeSpan quiet) : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

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
        if (await save())
            return;
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        _timer?.Change(_pause, Timeout.InfiniteTimeSpan);
    }
}

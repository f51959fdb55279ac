namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>The last frame of a checkpoint, as far as the host needs it.</summary>
/// <param name="LostCount">What could not be carried; the driver names it to whoever touches it.</param>
/// <param name="PauseMilliseconds">For how long the session stood still, as it says itself: finite, and not negative.</param>
public sealed record CheckpointTrailer(int LostCount, double PauseMilliseconds);

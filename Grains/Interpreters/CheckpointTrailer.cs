namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>The last frame of a checkpoint, as far as the host needs it.</summary>
/// <param name="LostCount">What could not be carried; the driver names it to whoever touches it.</param>
/// <param name="PauseMilliseconds">How long the session could not answer, as its driver has it.</param>
public sealed record CheckpointTrailer(int LostCount, double PauseMilliseconds);

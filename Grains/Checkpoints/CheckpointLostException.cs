namespace Sandbox.Cluster.Grains.Checkpoints;

/// <summary>A checkpoint will never be restored, however often it is tried. The message is of our words and names no reason of a tenant's.</summary>
internal sealed class CheckpointLostException(string message, Exception? innerException = null) : Exception(message, innerException);

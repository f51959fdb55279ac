namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>A checkpoint is none that an interpreter here takes: damaged, of another version, or larger than the limits.</summary>
public sealed class RestoreRefusedException(string message) : Exception(message);

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>A session to begin with.</summary>
/// <param name="Content">The stream of <c>drivers/PROTOCOL.md</c>, read once.</param>
/// <param name="Timeout">How long restoring it may take.</param>
public sealed record Checkpoint(Stream Content, TimeSpan Timeout);

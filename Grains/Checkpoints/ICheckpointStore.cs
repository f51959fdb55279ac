namespace Sandbox.Cluster.Grains.Checkpoints;

/// <summary>
/// Keeps checkpoints, which are too large for grain state. By content: what has a name never changes, so a reader sees all of
/// it or nothing, and writing it twice is writing it once.
/// </summary>
public interface ICheckpointStore
{
    /// <summary>Stores all of <paramref name="content"/>, from its position to its end, or nothing.</summary>
    Task WriteAsync(CheckpointName name, Stream content, CancellationToken cancellationToken);

    /// <summary>Writes what is stored to <paramref name="destination"/>; false when there is nothing of that name.</summary>
    Task<bool> ReadAsync(CheckpointName name, Stream destination, CancellationToken cancellationToken);

    /// <summary>Removes a checkpoint; without effect when there is none.</summary>
    Task DeleteAsync(CheckpointName name, CancellationToken cancellationToken);

    /// <summary>Removes all that a context has here.</summary>
    Task DeleteAllAsync(string context, CancellationToken cancellationToken);
}

/// <summary>The name of a checkpoint: two SHA-256 values in lower-case hexadecimal, so that no tenant's string becomes a path or a key.</summary>
/// <param name="Context">Of the context's key.</param>
/// <param name="Content">Of what is stored.</param>
public readonly record struct CheckpointName(string Context, string Content);

namespace Sandbox.Cluster.Grains.Checkpoints;

/// <summary>Which checkpoint a context's record points to.</summary>
/// <param name="Content">SHA-256 of what is stored, in lower-case hexadecimal: its name in the store, and how damage is noticed.</param>
/// <param name="ExecutionCount">Where the session stood.</param>
/// <param name="StoredBytes">What it takes in the store.</param>
/// <param name="JournalBytes">How many of its first bytes are the journal of the session.</param>
/// <param name="FilesOnly">Whether the context was restarted since: of what is in it only the files count.</param>
[GenerateSerializer, Immutable, Alias("CheckpointReference")]
internal sealed record CheckpointReference(
    [property: Id(0)] string Content,
    [property: Id(1)] int ExecutionCount,
    [property: Id(2)] long StoredBytes,
    [property: Id(3)] int JournalBytes = 0,
    [property: Id(4)] bool FilesOnly = false);

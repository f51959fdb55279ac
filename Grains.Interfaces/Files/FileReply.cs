using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Interfaces.Files;

/// <summary>What a context answers about its files: one of the records below, and nothing else.</summary>
[GenerateSerializer, Immutable, Alias("FileReply")]
public abstract record FileReply
{
    private protected FileReply()
    {
    }

    /// <summary>What the answer has to say of the context's state; null where it is not the last word, or nobody knows.</summary>
    [Id(0)]
    public ContextNews? News { get; init; }
}

/// <summary>A file is open.</summary>
/// <param name="Size">All of it, in bytes.</param>
/// <param name="ModifiedAt">When it was last written to.</param>
/// <param name="First">The first byte that will be handed out.</param>
/// <param name="Length">How many; 0 closes the transfer at once.</param>
[GenerateSerializer, Immutable, Alias("FileOpened")]
public sealed record FileOpened(
    [property: Id(0)] long Size,
    [property: Id(1)] DateTimeOffset ModifiedAt,
    [property: Id(2)] long First,
    [property: Id(3)] long Length) : FileReply;

/// <summary>A directory is open.</summary>
[GenerateSerializer, Immutable, Alias("DirectoryOpened")]
public sealed record DirectoryOpened : FileReply;

/// <summary>The file has no byte of the range.</summary>
/// <param name="Size">All of it, in bytes.</param>
[GenerateSerializer, Immutable, Alias("RangeNotSatisfiable")]
public sealed record RangeNotSatisfiable([property: Id(0)] long Size) : FileReply;

/// <summary>Some bytes of a file.</summary>
[GenerateSerializer, Immutable, Alias("FilePiece")]
public sealed record FilePiece([property: Id(0)] byte[] Bytes, [property: Id(1)] bool IsLast) : FileReply
{
    /// <summary>The size alone.</summary>
    public override string ToString() => $"{nameof(FilePiece)} of {Bytes.Length} bytes";
}

/// <summary>Some entries of a directory, in the order of their names' bytes.</summary>
[GenerateSerializer, Immutable, Alias("DirectoryPiece")]
public sealed record DirectoryPiece([property: Id(0)] FileEntry[] Entries, [property: Id(1)] bool IsLast) : FileReply
{
    /// <summary>The number alone.</summary>
    public override string ToString() => $"{nameof(DirectoryPiece)} of {Entries.Length} entries";
}

/// <summary>The piece was taken; more is expected.</summary>
[GenerateSerializer, Immutable, Alias("FileAccepted")]
public sealed record FileAccepted : FileReply;

/// <summary>The file is in its place.</summary>
/// <param name="Created">Whether there was none before.</param>
[GenerateSerializer, Immutable, Alias("FileWritten")]
public sealed record FileWritten([property: Id(0)] bool Created) : FileReply;

/// <summary>It is gone.</summary>
[GenerateSerializer, Immutable, Alias("FileDeleted")]
public sealed record FileDeleted : FileReply;

/// <summary>It could not be done; nothing of it is left.</summary>
[GenerateSerializer, Immutable, Alias("FileFailed")]
public sealed record FileFailed([property: Id(0)] FileFault Fault) : FileReply;

/// <summary>One entry of a directory.</summary>
/// <param name="Name">What of it is not UTF-8 is U+FFFD.</param>
/// <param name="Type">What it is; a link is not followed.</param>
/// <param name="Size">Bytes of a file, 0 of anything else.</param>
/// <param name="ModifiedAt">When it was last written to.</param>
[GenerateSerializer, Immutable, Alias("FileEntry")]
public sealed record FileEntry(
    [property: Id(0)] string Name,
    [property: Id(1)] FileType Type,
    [property: Id(2)] long Size,
    [property: Id(3)] DateTimeOffset ModifiedAt)
{
    /// <summary>Without the name, which is a tenant's.</summary>
    public override string ToString() => $"{nameof(FileEntry)} {Type}";
}

/// <summary>What an entry of a directory is.</summary>
[GenerateSerializer, Alias("FileType")]
public enum FileType
{
    /// <summary>A regular file.</summary>
    File = 0,

    /// <summary>A directory.</summary>
    Directory = 1,

    /// <summary>A symbolic link.</summary>
    Symlink = 2,

    /// <summary>A pipe, a socket or the like.</summary>
    Other = 3,
}

/// <summary>The closed vocabulary of ways in which a call about files fails. The Api gives each its status.</summary>
[GenerateSerializer, Alias("FileFault")]
public enum FileFault
{
    /// <summary>There is no such context.</summary>
    NoSuchContext = 0,

    /// <summary>There is nothing of that name, or a symbolic link on the way.</summary>
    NotFound = 1,

    /// <summary>What is there is neither a file nor a directory, or the one where the other is needed.</summary>
    WrongKind = 2,

    /// <summary>Code of the context changed it at the same time.</summary>
    Changing = 3,

    /// <summary>It does not fit into what the context may have.</summary>
    NoRoom = 4,

    /// <summary>The file's own permissions forbid it.</summary>
    Denied = 5,

    /// <summary>As many transfers are open as may be at once.</summary>
    TooMany = 6,

    /// <summary>The silo or its launcher cannot serve it now; a later try may succeed.</summary>
    Unavailable = 7,

    /// <summary>No silo has room for the context.</summary>
    ClusterFull = 8,

    /// <summary>There is no such transfer any more: its lease lapsed, or its silo is gone.</summary>
    TransferLost = 9,

    /// <summary>Any other fault of the platform.</summary>
    Internal = 10,
}

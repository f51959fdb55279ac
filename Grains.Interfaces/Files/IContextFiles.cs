using Orleans.Concurrency;

namespace Sandbox.Cluster.Grains.Interfaces.Files;

/// <summary>
/// The files of a context, by the same grain and under the same key as the context itself. Content goes in pieces, one a call,
/// within a transfer: whoever began it has the time of a lease to go on, after that it is closed and an upload leaves nothing.
/// A path is the bytes of a name below the home, parts separated by <c>/</c>, none of them empty, <c>.</c> or <c>..</c>; the
/// home itself is empty.
/// </summary>
[Alias("contextFiles")]
public interface IContextFiles : IGrainWithStringKey
{
    /// <summary>
    /// Finds what is there. Answers with <see cref="FileOpened"/> or <see cref="DirectoryOpened"/>, whose content
    /// <see cref="ReadNext"/> then hands out, with <see cref="RangeNotSatisfiable"/>, or with <see cref="FileFailed"/>.
    /// </summary>
    /// <param name="transferId">Made by the caller, of random bits.</param>
    /// <param name="path">What to open.</param>
    /// <param name="range">Null: all of it. Of no meaning for a directory.</param>
    /// <param name="cancellationToken">Gives the transfer up.</param>
    [Alias("openFile"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<FileReply> OpenFile(string transferId, byte[] path, ByteRange? range, CancellationToken cancellationToken);

    /// <summary>
    /// The next <see cref="FilePiece"/> or <see cref="DirectoryPiece"/>. With the last one the transfer is closed. A file that
    /// was cut meanwhile ends with a last piece before its time.
    /// </summary>
    [Alias("readNext"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<FileReply> ReadNext(string transferId, CancellationToken cancellationToken);

    /// <summary>
    /// One piece of an upload, the first of which begins it. Answers with <see cref="FileAccepted"/>, with
    /// <see cref="FileWritten"/> to the last one, which puts the file in its place, or with <see cref="FileFailed"/>, which
    /// leaves nothing of it.
    /// </summary>
    [Alias("writeFile"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<FileReply> WriteFile(WriteFileCommand command, CancellationToken cancellationToken);

    /// <summary>Gives up a transfer of either direction. Without effect when there is none.</summary>
    [Alias("closeFile"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task CloseFile(string transferId, CancellationToken cancellationToken);

    /// <summary>Removes a file, or a directory with all that is in it. <see cref="FileDeleted"/> or <see cref="FileFailed"/>.</summary>
    [Alias("deleteFile"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<FileReply> DeleteFile(byte[] path, CancellationToken cancellationToken);
}

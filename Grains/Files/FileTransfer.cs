using Sandbox.Cluster.Grains.Interfaces.Files;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Grains.Files;

/// <summary>One operation on the files of a home, from its first call to its last. One call at a time.</summary>
internal sealed class FileTransfer(IHome home, FileConnection connection, Action ended) : IAsyncDisposable
{
    /// <summary>Bytes of a file in one message: well below what a cluster's connections take at once.</summary>
    public const int PieceBytes = 256 << 10;

    private Action? _ended = ended;
    private long _at;
    private long _left;

    /// <summary>Whether another call has to follow.</summary>
    public bool IsOpen { get; private set; }

    public async Task<FileReply> OpenAsync(byte[] path, ByteRange? range, CancellationToken cancellationToken)
    {
        switch (await connection.AskAsync(FileRequests.Read(path), cancellationToken))
        {
            case FileFound found when range is null || range.Of(found.Size) is not null:
                (_at, _left) = range?.Of(found.Size) ?? (0, found.Size);
                IsOpen = _left > 0;
                return new FileOpened(found.Size, found.ModifiedAt, _at, _left);
            case FileFound found:
                return new RangeNotSatisfiable(found.Size);
            case DirectoryFound:
                IsOpen = true;
                _left = -1;
                return new DirectoryOpened();
            case var other:
                return FailedBy(other);
        }
    }

    /// <summary>The next piece of what was opened.</summary>
    public Task<FileReply> ReadAsync(CancellationToken cancellationToken) =>
        _left < 0 ? ReadEntriesAsync(cancellationToken) : ReadBytesAsync(cancellationToken);

    public async Task<FileReply> WriteAsync(WriteFileCommand command, CancellationToken cancellationToken)
    {
        if (command.Offset != _at)
            return new FileFailed(FileFault.TransferLost);
        if (!IsOpen)
        {
            var begun = await connection.AskAsync(FileRequests.Write(command.Path, command.Size), cancellationToken);
            if (begun is not WriteReady)
                return FailedBy(begun);
        }
        IsOpen = false;
        try
        {
            if (command.Bytes.Length > 0 && await connection.SendAsync(command.Bytes, cancellationToken) is not PieceTaken and var other)
                return FailedBy(other);
            _at += command.Bytes.Length;
            if (command.IsLast)
            {
                var last = await connection.SendAsync([], cancellationToken);
                return last is WriteDone done ? new FileWritten(done.Created) : FailedBy(last);
            }
        }
        catch (IOException) when (!home.Ended.IsCompleted)
        {
            // Of all processes of a context the one that takes an upload is the first to go when memory runs out.
            return new FileFailed(FileFault.NoRoom);
        }
        IsOpen = true;
        return new FileAccepted();
    }

    public async Task<FileReply> DeleteAsync(byte[] path, CancellationToken cancellationToken)
    {
        var answer = await connection.AskAsync(FileRequests.Delete(path), cancellationToken);
        return answer is DeleteDone ? new FileDeleted() : FailedBy(answer);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        Interlocked.Exchange(ref _ended, null)?.Invoke();
    }

    private async Task<FileReply> ReadBytesAsync(CancellationToken cancellationToken)
    {
        var bytes = await connection.ReceiveAsync(_at, (int)Math.Min(_left, PieceBytes), cancellationToken);
        _at += bytes.Length;
        _left -= bytes.Length;
        IsOpen = bytes.Length > 0 && _left > 0;
        return new FilePiece(bytes, IsLast: !IsOpen);
    }

    private async Task<FileReply> ReadEntriesAsync(CancellationToken cancellationToken)
    {
        IsOpen = false;
        var answer = await connection.AskAsync(FileRequests.Next(), cancellationToken);
        if (answer is not EntriesRead read)
            return FailedBy(answer);
        IsOpen = !read.AreLast;
        return new DirectoryPiece(read.Entries, read.AreLast);
    }

    private static FileFailed FailedBy(FileEvent answer) => answer is OperationFailed failed
        ? new FileFailed(failed.Fault)
        : throw new ProtocolException("A request about files was answered with something else.");
}

using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Grains.Interfaces.Files;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>The files of the context. They are served beside its executions, and wake it where it sleeps.</summary>
internal sealed partial class ContextGrain : IContextFiles
{
    private readonly FileTransfers _transfers;

    public Task<FileReply> OpenFile(string transferId, byte[] path, ByteRange? range, CancellationToken cancellationToken) =>
        ServeAsync(async () => await _transfers.OpenAsync(transferId, await HomeAsync(cancellationToken), path, range, cancellationToken), cancellationToken);

    public Task<FileReply> ReadNext(string transferId, CancellationToken cancellationToken) =>
        ServeAsync(() => _transfers.ReadAsync(transferId, cancellationToken), cancellationToken);

    public Task<FileReply> WriteFile(WriteFileCommand command, CancellationToken cancellationToken) => ChangeAsync(
        home => command.Offset == 0 && !_transfers.Has(command.TransferId)
            ? _transfers.BeginWriteAsync(home, command, cancellationToken)
            : _transfers.WriteAsync(command, cancellationToken),
        cancellationToken);

    public Task CloseFile(string transferId, CancellationToken cancellationToken) => _transfers.CloseAsync(transferId);

    public Task<FileReply> DeleteFile(byte[] path, CancellationToken cancellationToken) =>
        ChangeAsync(home => _transfers.DeleteAsync(home, path, cancellationToken), cancellationToken);

    /// <summary>Files are state: no checkpoint that misses a change may count as the whole of it.</summary>
    private Task<FileReply> ChangeAsync(Func<IHome, Task<FileReply>> change, CancellationToken cancellationToken) => ServeAsync(async () =>
    {
        // First of all, or a session that sleeps would wake as one that was interrupted.
        var home = await HomeAsync(cancellationToken);
        await _session.TouchAsync();
        var reply = await change(home);
        if (reply is FileWritten or FileDeleted)
        {
            await _session.TouchAsync();
            _saves.Arm();
        }
        return reply;
    }, cancellationToken);

    private async Task<FileReply> ServeAsync(Func<Task<FileReply>> serve, CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested || _faulted)
            return new FileFailed(FileFault.Unavailable);
        if (!_session.Exists || await HasExpiredAsync(cancellationToken))
        {
            // Whoever asks for what never was must not take the place of what could be.
            if (_queue.IsIdle)
                DeactivateOnIdle();
            return new FileFailed(FileFault.NoSuchContext);
        }
        Use();
        try
        {
            var reply = await serve();
            return reply is FileAccepted or FilePiece or DirectoryPiece or FileFailed { Fault: FileFault.Unavailable or FileFault.TransferLost }
                ? reply
                : reply with { News = await TellAsync(cancellationToken) };
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
            return new FileFailed(FileFault.Unavailable);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNoFiles(_logger, e);
            return new FileFailed(FileFault.Unavailable);
        }
    }

    /// <summary>Where code runs the files are there; where none does, they come with the session, in a turn of their own.</summary>
    private async Task<IHome> HomeAsync(CancellationToken cancellationToken)
    {
        if (_session.Home is { } home)
            return home;
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return _session.Home ?? await _session.EnsureHomeAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The files of a context cannot be served")]
    private static partial void LogNoFiles(ILogger logger, Exception exception);
}

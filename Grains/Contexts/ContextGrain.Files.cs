using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Grains.Interfaces.Files;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>The files of the context. They are served beside its executions, and need no interpreter.</summary>
internal sealed partial class ContextGrain : IContextFiles
{
    private readonly FileTransfers _transfers;

    public Task<FileReply> OpenFile(string transferId, byte[] path, ByteRange? range, CancellationToken cancellationToken) =>
        AtHomeAsync(home => _transfers.OpenAsync(transferId, home, path, range, cancellationToken), cancellationToken);

    public Task<FileReply> ReadNext(string transferId, CancellationToken cancellationToken)
    {
        DelayDeactivation(_options.IdleTimeout);
        return _transfers.ReadAsync(transferId, cancellationToken);
    }

    public Task<FileReply> WriteFile(WriteFileCommand command, CancellationToken cancellationToken)
    {
        if (command.Offset == 0 && !_transfers.Has(command.TransferId))
            return AtHomeAsync(home => _transfers.BeginWriteAsync(home, command, cancellationToken), cancellationToken);
        DelayDeactivation(_options.IdleTimeout);
        return _transfers.WriteAsync(command, cancellationToken);
    }

    public Task CloseFile(string transferId, CancellationToken cancellationToken) => _transfers.CloseAsync(transferId);

    public Task<FileReply> DeleteFile(byte[] path, CancellationToken cancellationToken) =>
        AtHomeAsync(home => _transfers.DeleteAsync(home, path, cancellationToken), cancellationToken);

    private async Task<FileReply> AtHomeAsync(Func<IHome, Task<FileReply>> serve, CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested || _faulted)
            return new FileFailed(FileFault.Unavailable);
        if (!_session.Exists)
        {
            // Whoever asks for what never was must not take the place of what could be.
            if (_queue.IsIdle)
                DeactivateOnIdle();
            return new FileFailed(FileFault.NoSuchContext);
        }
        DelayDeactivation(_options.IdleTimeout);
        try
        {
            return await serve(await _session.EnsureHomeAsync(cancellationToken));
        }
        catch (InterpreterUnavailableException e)
        {
            LogNoHome(_logger, e.Message);
            return new FileFailed(FileFault.Unavailable);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The files of a context cannot be served: {Reason}")]
    private static partial void LogNoHome(ILogger logger, string reason);
}

using System.Collections.Concurrent;
using Sandbox.Cluster.Grains.Interfaces.Files;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Grains.Files;

/// <summary>The transfers of one context: so many at once, and each of them closed when nobody goes on with it in time.</summary>
internal sealed class FileTransfers(FileTransferOptions options, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private int _count;
    private volatile bool _closed;

    /// <summary>Whether any is under way.</summary>
    public bool IsBusy => Volatile.Read(ref _count) > 0;

    /// <summary>Whether it waits for its next call.</summary>
    public bool Has(string id) => _kept.ContainsKey(id);

    /// <summary>Opens what is there and keeps it open for <see cref="ReadAsync"/>.</summary>
    public Task<FileReply> OpenAsync(string id, IHome home, byte[] path, ByteRange? range, CancellationToken cancellationToken) =>
        BeginAsync(id, home, transfer => transfer.OpenAsync(path, range, cancellationToken), cancellationToken);

    /// <summary>The next piece.</summary>
    public Task<FileReply> ReadAsync(string id, CancellationToken cancellationToken) =>
        GoOnAsync(id, transfer => transfer.ReadAsync(cancellationToken));

    /// <summary>The first piece of an upload.</summary>
    public Task<FileReply> BeginWriteAsync(IHome home, WriteFileCommand command, CancellationToken cancellationToken) =>
        BeginAsync(command.TransferId, home, transfer => transfer.WriteAsync(command, cancellationToken), cancellationToken);

    /// <summary>Another piece of it.</summary>
    public Task<FileReply> WriteAsync(WriteFileCommand command, CancellationToken cancellationToken) =>
        GoOnAsync(command.TransferId, transfer => transfer.WriteAsync(command, cancellationToken));

    /// <summary>Removes what is there.</summary>
    public Task<FileReply> DeleteAsync(IHome home, byte[] path, CancellationToken cancellationToken) =>
        BeginAsync("", home, transfer => transfer.DeleteAsync(path, cancellationToken), cancellationToken);

    /// <summary>Gives one up, if it is still there.</summary>
    public async Task CloseAsync(string id)
    {
        if (Take(id) is { } transfer)
            await transfer.DisposeAsync();
    }

    /// <summary>Closes all; none is opened any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        foreach (var id in _kept.Keys)
            await CloseAsync(id);
    }

    private async Task<FileReply> BeginAsync(
        string id, IHome home, Func<FileTransfer, Task<FileReply>> first, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _count) > options.MaxTransfers)
        {
            Interlocked.Decrement(ref _count);
            return new FileFailed(FileFault.TooMany);
        }
        Stream stream;
        try
        {
            stream = await home.ConnectFilesAsync(cancellationToken);
        }
        catch (Exception e)
        {
            Interlocked.Decrement(ref _count);
            if (e is InterpreterUnavailableException)
                return new FileFailed(FileFault.Unavailable);
            throw;
        }
        return await StepAsync(id, new FileTransfer(home, new FileConnection(stream), () => Interlocked.Decrement(ref _count)), first);
    }

    private async Task<FileReply> GoOnAsync(string id, Func<FileTransfer, Task<FileReply>> next) =>
        Take(id) is { } transfer ? await StepAsync(id, transfer, next) : new FileFailed(FileFault.TransferLost);

    /// <summary>While a call is under way nobody else has the transfer, and it has no lease.</summary>
    private async Task<FileReply> StepAsync(string id, FileTransfer transfer, Func<FileTransfer, Task<FileReply>> step)
    {
        var isKept = false;
        try
        {
            var reply = await step(transfer);
            isKept = transfer.IsOpen && reply is not FileFailed && TryKeep(id, transfer);
            return reply;
        }
        catch (Exception e) when (e is IOException or ProtocolException or TimeoutException)
        {
            // Its home is gone, or somebody broke the protocol: nothing that a client could have done otherwise.
            return new FileFailed(FileFault.Unavailable);
        }
        finally
        {
            if (!isKept)
                await transfer.DisposeAsync();
        }
    }

    private bool TryKeep(string id, FileTransfer transfer)
    {
        var kept = new Kept(transfer);
        if (_closed || !_kept.TryAdd(id, kept))
            return false;
        kept.Lease = time.CreateTimer(_ => _ = LapseAsync(id, kept), null, options.TransferLease, Timeout.InfiniteTimeSpan);
        return true;
    }

    private FileTransfer? Take(string id)
    {
        if (!_kept.TryRemove(id, out var kept))
            return null;
        kept.Lease?.Dispose();
        return kept.Transfer;
    }

    /// <summary>On a thread of the timer's. Whoever takes it out of the dictionary has it.</summary>
    private async Task LapseAsync(string id, Kept kept)
    {
        if (!_kept.TryRemove(KeyValuePair.Create(id, kept)))
            return;
        kept.Lease?.Dispose();
        await kept.Transfer.DisposeAsync();
    }

    private sealed class Kept(FileTransfer transfer)
    {
        public FileTransfer Transfer { get; } = transfer;

        public ITimer? Lease { get; set; }
    }
}

using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Interpreters.Protocol;
using Sandbox.Cluster.Grains.Isolation;
using Sandbox.Cluster.Grains.Telemetry;
using ZstdSharp;

namespace Sandbox.Cluster.Grains.Checkpoints;

/// <summary>
/// Between a home and the store: compresses, names by content, and lets nothing through that is not what was stored. Knows no
/// record: which checkpoint counts is for the session to say.
/// </summary>
/// <remarks>A checkpoint passes through a temporary file: its name is known only when all of it is there.</remarks>
internal sealed partial class CheckpointArchive(
    ICheckpointStore store, IOptions<CheckpointOptions> options, IOptions<IsolationOptions> limits, CheckpointMetrics metrics, ILogger<CheckpointArchive> logger)
{
    // Fast enough that the copy of the session, which holds memory, is not kept waiting.
    private const int CompressionLevel = 1;
    private const int BufferBytes = 1 << 16;

    private readonly CheckpointGate _gate = new(options.Value.MaxConcurrentSaves);

    /// <summary>The name of a context in the store.</summary>
    public static string ContextName(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>Saves the session that works in a home; null when none was to be had now. Bounded by the configured time.</summary>
    /// <param name="context">From <see cref="ContextName"/>.</param>
    /// <param name="journal">What ran in it, of the same moment.</param>
    /// <param name="home">Where the session works.</param>
    /// <param name="executionCount">Where it stands.</param>
    /// <param name="expectedBytes">What it took the last time.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<CheckpointReference?> SaveAsync(
        string context, byte[] journal, IHome home, int executionCount, long expectedBytes, CancellationToken cancellationToken)
    {
        using var place = await _gate.EnterAsync(expectedBytes, cancellationToken);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(options.Value.SaveTimeout);
        using var passage = metrics.BeginSave();
        var clock = Stopwatch.StartNew();
        try
        {
            await using var spool = Spool();
            CheckpointTrailer? trailer;
            await using (var compressed = new CompressionStream(spool, CompressionLevel, BufferBytes, leaveOpen: true))
            {
                await compressed.WriteAsync(journal, bound.Token);
                trailer = await home.SaveAsync(compressed, limits.Value.MemoryBytes + limits.Value.FileBytes, bound.Token);
            }
            if (trailer is null)
            {
                passage.BeNone();
                return null;
            }
            // A session says what it likes, and did not stand still for longer than all of this took.
            var pause = Math.Min(trailer.PauseMilliseconds, clock.Elapsed.TotalMilliseconds);
            metrics.Paused(home.Language, TimeSpan.FromMilliseconds(pause));
            spool.Position = 0;
            var content = Convert.ToHexStringLower(await SHA256.HashDataAsync(spool, bound.Token));
            spool.Position = 0;
            await store.WriteAsync(new CheckpointName(context, content), spool, bound.Token);
            passage.Succeed(spool.Length);
            LogSaved(logger, spool.Length, clock.ElapsedMilliseconds, trailer.LostCount, pause);
            return new CheckpointReference(content, executionCount, spool.Length, journal.Length);
        }
        catch (ProtocolException e)
        {
            LogNone(logger, e.Message);
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogNone(logger, $"it took longer than {options.Value.SaveTimeout.TotalSeconds:0} s");
            return null;
        }
    }

    /// <summary>What was saved: the journal, and the session as it left its home.</summary>
    /// <exception cref="CheckpointLostException">It is gone, or not what was stored.</exception>
    public async Task<(byte[] Journal, Stream Session)> FetchAsync(string context, CheckpointReference reference, CancellationToken cancellationToken)
    {
        using var passage = metrics.BeginFetch();
        var spool = Spool();
        try
        {
            if (!await store.ReadAsync(new CheckpointName(context, reference.Content), spool, cancellationToken))
                throw new CheckpointLostException("it is gone from the store");
            spool.Position = 0;
            if (Convert.ToHexStringLower(await SHA256.HashDataAsync(spool, cancellationToken)) != reference.Content)
                throw new CheckpointLostException("it is damaged");
            passage.Succeed(spool.Length);
            spool.Position = 0;
            var session = new DecompressionStream(spool, BufferBytes, leaveOpen: false);
            var journal = new byte[reference.JournalBytes];
            await session.ReadExactlyAsync(journal, cancellationToken);
            return (journal, session);
        }
        catch
        {
            await spool.DisposeAsync();
            throw;
        }
    }

    /// <summary>Removes one that nothing points to any more. What cannot be removed now takes up room, and does no harm.</summary>
    public Task DiscardAsync(string context, CheckpointReference reference) =>
        DiscardAsync(token => store.DeleteAsync(new CheckpointName(context, reference.Content), token));

    /// <summary>Removes all of a context that is gone.</summary>
    public Task DiscardAllAsync(string context) => DiscardAsync(token => store.DeleteAllAsync(context, token));

    private async Task DiscardAsync(Func<CancellationToken, Task> delete)
    {
        using var bound = new CancellationTokenSource(options.Value.SaveTimeout);
        try
        {
            await delete(bound.Token);
        }
        catch (Exception e)
        {
            LogNotDiscarded(logger, e);
        }
    }

    private static FileStream Spool() => new(
        Path.Combine(Path.GetTempPath(), $"sandbox-checkpoint-{Guid.NewGuid():N}"),
        new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });

    [LoggerMessage(Level = LogLevel.Debug, Message = "A checkpoint of {Bytes} bytes was stored after {Milliseconds} ms; {Lost} values were not carried; the session paused {Pause} ms")]
    private static partial void LogSaved(ILogger logger, long bytes, long milliseconds, int lost, double pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A session was not saved: {Reason}")]
    private static partial void LogNone(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An old checkpoint could not be removed")]
    private static partial void LogNotDiscarded(ILogger logger, Exception exception);
}

using System.Buffers;
using Sandbox.Cluster.Grains.Checkpoints;
using StackExchange.Redis;

namespace Sandbox.Cluster.Silo.Storage.Checkpoints;

/// <summary>
/// Checkpoints as strings of Redis, written and read in pieces, so that none holds up what others ask of it. A set a context
/// says which there are.
/// </summary>
internal sealed class RedisCheckpointStore(Func<Task<ConnectionMultiplexer>> connect, string prefix) : ICheckpointStore, IAsyncDisposable
{
    private const int PieceBytes = 1 << 20;

    // proto-max-bulk-len
    private const long MaxBytes = 512L << 20;

    // What a silo that died left half written goes by itself.
    private static readonly TimeSpan HalfWrittenLife = TimeSpan.FromMinutes(15);

    private readonly Lazy<Task<ConnectionMultiplexer>> _connection = new(connect);

    public async Task WriteAsync(CheckpointName name, Stream content, CancellationToken cancellationToken)
    {
        if (content.Length - content.Position > MaxBytes)
            throw new IOException("Redis takes no checkpoint larger than 512 MB.");
        var redis = await DatabaseAsync(cancellationToken);
        RedisKey beside = $"{prefix}:{{{name.Context}}}:new:{Guid.NewGuid():N}";
        // Of a piece that was given up the connection may still hold the buffer: it is nobody else's before all is stored.
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        // The first piece is never missing: an empty key could not be renamed.
        int count;
        do
        {
            count = await content.ReadAtLeastAsync(piece.AsMemory(0, PieceBytes), PieceBytes, throwOnEndOfStream: false, cancellationToken);
            // Together: a Redis that was too slow for us does later what it was asked for, and nobody would ask for the second.
            var append = redis.CreateTransaction();
            _ = append.StringAppendAsync(beside, piece.AsMemory(0, count));
            _ = append.KeyExpireAsync(beside, HalfWrittenLife);
            await ExecuteAsync(append, cancellationToken);
        }
        while (count == PieceBytes);

        var commit = redis.CreateTransaction();
        _ = commit.SetAddAsync(IndexOf(name.Context), name.Content);
        _ = commit.KeyRenameAsync(beside, KeyOf(name));
        _ = commit.KeyPersistAsync(KeyOf(name));
        await ExecuteAsync(commit, cancellationToken);
        ArrayPool<byte>.Shared.Return(piece);
    }

    public async Task<bool> ReadAsync(CheckpointName name, Stream destination, CancellationToken cancellationToken)
    {
        var redis = await DatabaseAsync(cancellationToken);
        if (!await redis.KeyExistsAsync(KeyOf(name)).WaitAsync(cancellationToken))
            return false;
        for (long at = 0; ; at += PieceBytes)
        {
            ReadOnlyMemory<byte> piece = await redis.StringGetRangeAsync(KeyOf(name), at, at + PieceBytes - 1).WaitAsync(cancellationToken);
            await destination.WriteAsync(piece, cancellationToken);
            if (piece.Length < PieceBytes)
                return true;
        }
    }

    public async Task DeleteAsync(CheckpointName name, CancellationToken cancellationToken)
    {
        var redis = await DatabaseAsync(cancellationToken);
        await redis.KeyDeleteAsync(KeyOf(name)).WaitAsync(cancellationToken);
        await redis.SetRemoveAsync(IndexOf(name.Context), name.Content).WaitAsync(cancellationToken);
    }

    public async Task DeleteAllAsync(string context, CancellationToken cancellationToken)
    {
        var redis = await DatabaseAsync(cancellationToken);
        foreach (var content in await redis.SetMembersAsync(IndexOf(context)).WaitAsync(cancellationToken))
            await DeleteAsync(new CheckpointName(context, content.ToString()), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _connection.Value).DisposeAsync();
    }

    private static async Task ExecuteAsync(ITransaction transaction, CancellationToken cancellationToken)
    {
        if (!await transaction.ExecuteAsync().WaitAsync(cancellationToken))
            throw new IOException("Redis did not take a checkpoint.");
    }

    // The braces keep what belongs to one context in one place of a Redis cluster.
    private RedisKey KeyOf(CheckpointName name) => $"{prefix}:{{{name.Context}}}:{name.Content}";

    private RedisKey IndexOf(string context) => $"{prefix}:{{{context}}}";

    private async Task<IDatabase> DatabaseAsync(CancellationToken cancellationToken) =>
        (await _connection.Value.WaitAsync(cancellationToken)).GetDatabase();
}

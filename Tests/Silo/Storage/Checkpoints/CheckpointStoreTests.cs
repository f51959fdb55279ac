using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Silo.Storage.Checkpoints;
using Sandbox.Cluster.Tests.Support;
using StackExchange.Redis;

namespace Sandbox.Cluster.Tests.Silo.Storage.Checkpoints;

/// <summary>What every store of checkpoints does.</summary>
public abstract class CheckpointStoreTests : IAsyncLifetime
{
    private readonly string _context = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private protected ICheckpointStore Store { get; private set; } = null!;

    public async Task InitializeAsync() => Store = await CreateAsync();

    public abstract Task DisposeAsync();

    private protected abstract Task<ICheckpointStore> CreateAsync();

    // Around the sizes in which stores take pieces.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((1 << 20) - 1)]
    [InlineData(1 << 20)]
    [InlineData((5 << 20) + 7)]
    public async Task WhatIsWritten_IsReadBackAsItWas(int size)
    {
        var content = RandomNumberGenerator.GetBytes(size);
        await WriteAsync("a", content);
        Assert.Equal(content, await ReadAsync("a"));
    }

    [Fact]
    public async Task Write_BeginsWhereTheStreamStands()
    {
        using var stream = new MemoryStream([1, 2, 3]) { Position = 1 };
        await Store.WriteAsync(Name("a"), stream, CancellationToken.None);
        Assert.Equal([2, 3], await ReadAsync("a"));
    }

    [Fact]
    public async Task Write_OfWhatIsThere_ChangesNothing()
    {
        await WriteAsync("a", [1, 2, 3]);
        await WriteAsync("a", [1, 2, 3]);
        Assert.Equal([1, 2, 3], await ReadAsync("a"));
    }

    [Fact]
    public async Task Read_OfWhatNeverWas_SaysSo() => Assert.Null(await ReadAsync("never"));

    [Fact]
    public async Task Delete_TakesOneAway_AndNoneTwice()
    {
        await WriteAsync("a", [1]);
        await WriteAsync("b", [2]);
        await Store.DeleteAsync(Name("a"), CancellationToken.None);
        await Store.DeleteAsync(Name("a"), CancellationToken.None);
        Assert.Null(await ReadAsync("a"));
        Assert.Equal([2], await ReadAsync("b"));
    }

    [Fact]
    public async Task DeleteAll_TakesAllOfOneContext()
    {
        var other = new CheckpointName(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), "a");
        using var content = new MemoryStream([3]);
        await Store.WriteAsync(other, content, CancellationToken.None);
        await WriteAsync("a", [1]);
        await WriteAsync("b", [2]);
        await Store.DeleteAllAsync(_context, CancellationToken.None);
        await Store.DeleteAllAsync(_context, CancellationToken.None);
        Assert.Null(await ReadAsync("a"));
        Assert.Null(await ReadAsync("b"));
        using var kept = new MemoryStream();
        Assert.True(await Store.ReadAsync(other, kept, CancellationToken.None));
    }

    [Fact]
    public async Task Write_ThatBreaksOff_LeavesNothingOfThatName()
    {
        using var broken = new BreakingStream(3 << 20);
        await Assert.ThrowsAnyAsync<Exception>(() => Store.WriteAsync(Name("a"), broken, CancellationToken.None));
        Assert.Null(await ReadAsync("a"));
    }

    private CheckpointName Name(string content) => new(_context, content);

    private async Task WriteAsync(string name, byte[] content)
    {
        using var stream = new MemoryStream(content);
        await Store.WriteAsync(Name(name), stream, CancellationToken.None);
    }

    private async Task<byte[]?> ReadAsync(string name)
    {
        using var destination = new MemoryStream();
        return await Store.ReadAsync(Name(name), destination, CancellationToken.None) ? destination.ToArray() : null;
    }

    /// <summary>Breaks in its middle.</summary>
    private sealed class BreakingStream(int size) : MemoryStream(new byte[size])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position > size / 2 ? throw new IOException("The disk broke.") : base.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            var buffer = new byte[bufferSize];
            while (await ReadAsync(buffer, cancellationToken) is > 0 and var count)
                await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }
}

public sealed class FolderCheckpointStoreTests : CheckpointStoreTests
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("checkpoints-");

    [Fact]
    public async Task Write_ThatBreaksOff_LeavesNoFileBehind()
    {
        await Write_ThatBreaksOff_LeavesNothingOfThatName();
        Assert.Empty(_folder.EnumerateFiles("*", SearchOption.AllDirectories));
    }

    public override Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    private protected override Task<ICheckpointStore> CreateAsync() => Task.FromResult<ICheckpointStore>(new FolderCheckpointStore(_folder.FullName));
}

public sealed class RedisCheckpointStoreTests : CheckpointStoreTests
{
    private const int Stop = 19;
    private const int Continue = 18;

    private ServerProcess? _redis;

    [Fact]
    public async Task Write_ThatARedisIsTooSlowFor_LeavesNothingThatStays()
    {
        await using var slow = new RedisCheckpointStore(() => ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_redis!.Port},asyncTimeout=500"), "slow");
        // It takes the first piece when nobody waits for it any more.
        await using var content = new SignallingStream(1 << 20, () => ClusterProcess.Signal(_redis!.ProcessId, Stop));
        await Assert.ThrowsAnyAsync<Exception>(() => slow.WriteAsync(new CheckpointName("context", "a"), content, CancellationToken.None));
        ClusterProcess.Signal(_redis!.ProcessId, Continue);

        await using var redis = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_redis.Port}");
        var database = redis.GetDatabase();
        await Eventually.UntilAsync(async () => await database.StringLengthAsync(Keys().SingleOrDefault()) == 1 << 20);
        Assert.All(Keys(), key => Assert.NotNull(database.KeyTimeToLive(key)));

        RedisKey[] Keys() => [.. redis.GetServers().Single().Keys(pattern: "slow:*")];
    }

    public override async Task DisposeAsync()
    {
        await ((RedisCheckpointStore)Store).DisposeAsync();
        await _redis!.DisposeAsync();
    }

    private protected override async Task<ICheckpointStore> CreateAsync()
    {
        _redis = await ServerProcess.StartRedisAsync();
        return new RedisCheckpointStore(() => ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_redis.Port}"), "checkpoints");
    }

    /// <summary>Says when it is read.</summary>
    private sealed class SignallingStream(int size, Action read) : MemoryStream(new byte[size])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            read();
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}

public sealed class AzureBlobCheckpointStoreTests(AzureBlobCheckpointStoreTests.Emulator emulator) : CheckpointStoreTests, IClassFixture<AzureBlobCheckpointStoreTests.Emulator>
{
    private BlobContainerClient _container = null!;

    [Fact]
    public async Task Write_MakesTheContainerAgain_WhenItIsGone()
    {
        await WhatIsWritten_IsReadBackAsItWas(1);
        await _container.DeleteAsync();
        await WhatIsWritten_IsReadBackAsItWas(1);
    }

    [Fact]
    public async Task Delete_WhereNothingWasEverStored_IsNoError()
    {
        await Store.DeleteAllAsync("context", CancellationToken.None);
        await Store.DeleteAsync(new CheckpointName("context", "a"), CancellationToken.None);
    }

    public override Task DisposeAsync() => Task.CompletedTask;

    private protected override Task<ICheckpointStore> CreateAsync()
    {
        _container = new BlobContainerClient(emulator.ConnectionString, $"c{Guid.NewGuid():N}");
        return Task.FromResult<ICheckpointStore>(new AzureBlobCheckpointStore(_container));
    }

    /// <summary>One for all tests: it takes a while to start.</summary>
    public sealed class Emulator : IAsyncLifetime
    {
        private ServerProcess? _process;

        public string ConnectionString => AzureAccount.ConnectionString("Blob", _process!);

        public async Task InitializeAsync() => _process = await ServerProcess.StartAzuriteAsync("blob");

        public async Task DisposeAsync()
        {
            if (_process is not null)
                await _process.DisposeAsync();
        }
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Orleans.TestingHost;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Silo.Storage;

/// <summary>What every store of records does; that an old etag changes nothing is what keeps two activations of a context apart.</summary>
public abstract class GrainStorageTests : IAsyncLifetime
{
    private static readonly GrainId Grain = GrainId.Create("context", "default:../../etc/passwd");

    private IGrainStorage _storage = null!;

    public async Task InitializeAsync()
    {
        try
        {
            _storage = await CreateAsync();
        }
        catch
        {
            // Nobody else would: what did not begin is not ended.
            await DisposeAsync();
            throw;
        }
    }

    public abstract Task DisposeAsync();

    private protected abstract Task<IGrainStorage> CreateAsync();

    [Fact]
    public async Task ReadState_OfARecordThatNeverWas_IsANewOne()
    {
        var state = await ReadAsync();
        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.Equal(0, state.State!.Number);
    }

    [Fact]
    public async Task ReadState_ReadsWhatWasWritten()
    {
        await WriteAsync(New(41));
        var read = await ReadAsync();
        Assert.True(read.RecordExists);
        Assert.Equal(41, read.State!.Number);
        read.State!.Number++;
        await WriteAsync(read);
        Assert.Equal(42, (await ReadAsync()).State!.Number);
    }

    [Fact]
    public async Task WriteState_WithAnOldETag_IsRefusedAndChangesNothing()
    {
        await WriteAsync(New(1));
        var (first, second) = (await ReadAsync(), await ReadAsync());
        first.State!.Number = 2;
        await WriteAsync(first);
        second.State!.Number = 3;
        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => WriteAsync(second));
        Assert.Equal(2, (await ReadAsync()).State!.Number);
    }

    [Fact]
    public async Task WriteState_OfARecordThatSomebodyElseBegan_IsRefused()
    {
        await WriteAsync(New(1));
        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => WriteAsync(New(2)));
    }

    [Fact]
    public async Task WriteState_OfManyWritersAtOnce_LetsOneWin()
    {
        var writers = Enumerable.Range(1, 20).Select(async number =>
        {
            try
            {
                await WriteAsync(New(number));
                return number;
            }
            catch (InconsistentStateException)
            {
                return 0;
            }
        });
        var winner = Assert.Single(await Task.WhenAll(writers), number => number > 0);
        Assert.Equal(winner, (await ReadAsync()).State!.Number);
    }

    [Fact]
    public async Task ClearState_RemovesTheRecord_AndAnotherCanBegin()
    {
        var state = New(1);
        await WriteAsync(state);
        await ClearAsync(state);
        var read = await ReadAsync();
        Assert.False(read.RecordExists);
        Assert.Equal(0, read.State!.Number);
        read.State!.Number = 2;
        await WriteAsync(read);
        Assert.Equal(2, (await ReadAsync()).State!.Number);
    }

    [Fact]
    public async Task ClearState_WithAnOldETag_IsRefusedAndChangesNothing()
    {
        await WriteAsync(New(1));
        var (first, second) = (await ReadAsync(), await ReadAsync());
        first.State!.Number = 2;
        await WriteAsync(first);
        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => ClearAsync(second));
        Assert.Equal(2, (await ReadAsync()).State!.Number);
    }

    [Fact]
    public async Task ReadState_ReadsARecordOfHalfAMegabyte()
    {
        var text = new string('x', 512 * 1024);
        await WriteAsync(new GrainState<Counter>(new Counter { Number = 1, Text = text }));
        Assert.Equal(text, (await ReadAsync()).State!.Text);
    }

    private protected static GrainState<Counter> New(int number) => new(new Counter { Number = number });

    private protected Task WriteAsync(GrainState<Counter> state) => _storage.WriteStateAsync("counter", Grain, state);

    private protected Task ClearAsync(GrainState<Counter> state) => _storage.ClearStateAsync("counter", Grain, state);

    private async Task<GrainState<Counter>> ReadAsync()
    {
        var state = new GrainState<Counter>();
        await _storage.ReadStateAsync("counter", Grain, state);
        return state;
    }

    public sealed class Counter
    {
        public int Number { get; set; }

        public string? Text { get; set; }
    }
}

/// <summary>A store that is a provider of Orleans', made from configuration alone as a silo makes it.</summary>
public abstract class ProviderGrainStorageTests(string providerType) : GrainStorageTests
{
    private ServerProcess? _server;
    private InProcessTestCluster? _cluster;

    public override async Task DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private protected abstract Task<ServerProcess> StartServerAsync();

    private protected abstract string ConnectionStringOf(ServerProcess server);

    private protected override async Task<IGrainStorage> CreateAsync()
    {
        _server = await StartServerAsync();
        var settings = new Dictionary<string, string?>
        {
            [$"Orleans:GrainStorage:{FileGrainStorage.Name}:ProviderType"] = providerType,
            [$"Orleans:GrainStorage:{FileGrainStorage.Name}:ConnectionString"] = ConnectionStringOf(_server),
        };
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSiloHost((_, host) => host.Configuration.AddInMemoryCollection(settings));
        builder.ConfigureSilo((_, silo) => silo.Services.AddSingleton<IGrainStorageSerializer, RecordSerializer>());
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        return _cluster.Silos[0].ServiceProvider.GetRequiredKeyedService<IGrainStorage>(FileGrainStorage.Name);
    }
}

public sealed class RedisGrainStorageTests() : ProviderGrainStorageTests("Redis")
{
    private protected override Task<ServerProcess> StartServerAsync() => ServerProcess.StartRedisAsync();

    private protected override string ConnectionStringOf(ServerProcess server) => $"127.0.0.1:{server.Port}";
}

public sealed class AzureTableGrainStorageTests() : ProviderGrainStorageTests("AzureTableStorage")
{
    private protected override Task<ServerProcess> StartServerAsync() => ServerProcess.StartAzuriteAsync("table");

    private protected override string ConnectionStringOf(ServerProcess server) => AzureAccount.ConnectionString("Table", server);
}

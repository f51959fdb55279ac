using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Storage;
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
public abstract class ProviderTests(string providerType) : GrainStorageTests
{
    private IHost? _host;

    public override async Task DisposeAsync()
    {
        if (_host is null)
            return;
        await _host.StopAsync();
        _host.Dispose();
    }

    private protected abstract Task<string> StartServerAsync();

    private protected override async Task<IGrainStorage> CreateAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            [$"Orleans:GrainStorage:{FileGrainStorage.Name}:ProviderType"] = providerType,
            [$"Orleans:GrainStorage:{FileGrainStorage.Name}:ConnectionString"] = await StartServerAsync(),
        });
        builder.Services.AddSingleton<IGrainStorageSerializer, RecordSerializer>();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(ServerProcess.FreePort(), gatewayPort: 0));
        _host = builder.Build();
        await _host.StartAsync();
        return _host.Services.GetRequiredKeyedService<IGrainStorage>(FileGrainStorage.Name);
    }
}

public sealed class RedisGrainStorageTests() : ProviderTests("Redis")
{
    private ServerProcess? _redis;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
    }

    private protected override async Task<string> StartServerAsync()
    {
        _redis = await ServerProcess.StartRedisAsync();
        return $"127.0.0.1:{_redis.Port}";
    }
}

public sealed class AzureTableGrainStorageTests() : ProviderTests("AzureTableStorage")
{
    private ServerProcess? _tables;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_tables is not null)
            await _tables.DisposeAsync();
    }

    private protected override async Task<string> StartServerAsync()
    {
        _tables = await ServerProcess.StartAzuriteAsync("table");
        return AzureAccount.ConnectionString("Table", _tables);
    }
}

using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.TestingHost;
using Sandbox.Cluster.Grains;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Tenants;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Tenants;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Tenants;

/// <summary>What a tenant's grain does that HTTP does not show: what a crash left, and ten thousand contexts.</summary>
public sealed class TenantGrainTests(TenantGrainTests.ClusterFixture cluster) : IClassFixture<TenantGrainTests.ClusterFixture>
{
    private readonly string _tenant = $"t{Guid.NewGuid():N}";

    [Fact]
    public async Task Reserve_WhenTheQuotaIsReachedByWhatACrashLeft_LooksUpWhatReallyExists()
    {
        // Two creations that were never confirmed, long ago: one of them had written its record.
        await WriteRecordAsync("real");
        await cluster.Storage.WriteStateAsync("index-0", Index(_tenant).GetGrainId(), new GrainState<ShardRecord>(new ShardRecord
        {
            Contexts = [new IndexedContext("real", DateTimeOffset.UnixEpoch), new IndexedContext("unreal", DateTimeOffset.UnixEpoch)],
        }));
        Assert.True(await Index(_tenant).Reserve("new"));
        Assert.False(await Index(_tenant).Reserve("another"));
        Assert.Equal(["new", "real"], (await List(null, 10)).Ids);
    }

    [Fact]
    public async Task Reserve_AtTheSameTimeByMany_KeepsToTheQuota()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Index(_tenant).Reserve($"c{number % 20}")));
        Assert.Equal(2 * ClusterFixture.Quota, taken.Count(isTaken => isTaken));
        Assert.Equal(ClusterFixture.Quota, (await List(null, 100)).Ids.Count);
    }

    [Fact]
    public async Task List_OfTenThousandHibernatedContexts_ActivatesNoneOfThem()
    {
        const int Count = 10_000;
        var ids = Enumerable.Range(0, Count).Select(number => $"c{number:00000}").ToList();
        foreach (var chunk in ids.Chunk(1000))
        {
            await Task.WhenAll(chunk.Select(id => WriteRecordAsync(id, ClusterFixture.LargeTenant)));
            Assert.All(await Task.WhenAll(chunk.Select(Index(ClusterFixture.LargeTenant).Reserve)), Assert.True);
        }
        var reader = cluster.Client.GetGrain<IContextReaderGrain>(IContextReaderGrain.Key);
        var listed = new List<string>();
        while (true)
        {
            var page = await cluster.Client.GetGrain<ITenantGrain>(ClusterFixture.LargeTenant)
                .List(listed.LastOrDefault(), IContextReaderGrain.MaxContexts, CancellationToken.None);
            var contexts = await reader.Describe(
                [.. page.Ids.Select(id => new ContextKey(ClusterFixture.LargeTenant, id).ToString())], CancellationToken.None);
            Assert.All(contexts, context => Assert.Equal(ContextActivity.Hibernated, context?.Activity));
            listed.AddRange(contexts.Select(context => context!.ContextId));
            if (!page.HasMore)
                break;
        }
        Assert.Equal(ids, listed);
        Assert.DoesNotContain(await ActivationsAsync(), id => id.Key.ToString()!.StartsWith(ClusterFixture.LargeTenant, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Describe_OfAContextWhoseInterpreterDiedWithItsSilo_AsksItAndLeavesItsPlaceFree()
    {
        await WriteRecordAsync("crashed", clean: false);
        var key = new ContextKey(_tenant, "crashed").ToString();
        var context = Assert.Single(await cluster.Client.GetGrain<IContextReaderGrain>(IContextReaderGrain.Key).Describe([key], CancellationToken.None));
        Assert.Equal(ContextActivity.Hibernated, context?.Activity);
        await Eventually.UntilAsync(async () => !(await ActivationsAsync()).Exists(id => id.Key.ToString() == key));
    }

    [Fact]
    public async Task Describe_OfAContextThatNeverWas_ActivatesNothing()
    {
        var key = new ContextKey(_tenant, "never").ToString();
        Assert.Null(Assert.Single(await cluster.Client.GetGrain<IContextReaderGrain>(IContextReaderGrain.Key).Describe([key], CancellationToken.None)));
        Assert.DoesNotContain(await ActivationsAsync(), id => id.Key.ToString() == key);
    }

    private ITenantIndexGrain Index(string tenant) => cluster.Client.GetGrain<ITenantIndexGrain>(tenant);

    private Task<ContextIdPage> List(string? after, int limit) =>
        cluster.Client.GetGrain<ITenantGrain>(_tenant).List(after, limit, CancellationToken.None);

    private Task WriteRecordAsync(string id, string? tenant = null, bool clean = true) => cluster.Storage.WriteStateAsync(
        ContextRecords.Name,
        cluster.Client.GetGrain<IContextGrain>(new ContextKey(tenant ?? _tenant, id).ToString()).GetGrainId(),
        new GrainState<ContextRecord>(new ContextRecord { CreatedAt = DateTimeOffset.UtcNow, Clean = clean }));

    private async Task<List<GrainId>> ActivationsAsync() => await cluster.Client.GetGrain<IManagementGrain>(0)
        .GetActiveGrains(cluster.Client.GetGrain<IContextGrain>("a:b").GetGrainId().Type);

    /// <summary>A silo whose contexts need no interpreters.</summary>
    public sealed class ClusterFixture : IAsyncLifetime
    {
        public const int Quota = 2;
        public const string LargeTenant = "large";

        private InProcessTestCluster? _cluster;

        public MemoryStorage Storage { get; } = new();

        public IClusterClient Client => _cluster!.Client;

        public async Task InitializeAsync()
        {
            var builder = new InProcessTestClusterBuilder(1);
            builder.ConfigureSilo((_, silo) =>
            {
                silo.Services.AddContextGrains();
                silo.Services.AddSingleton<ICheckpointStore>(new WatchedCheckpoints());
                silo.AddContextPlacement();
                silo.Services.Configure<InterpreterOptions>(options => options.DriversDirectory = Repository.Drivers);
                silo.Services.Configure<QuotaOptions>(options =>
                {
                    options.Contexts = Quota;
                    options.Tenants[LargeTenant] = new TenantQuotaOptions { Contexts = 10_000 };
                });
                silo.Services.AddGrainStorage(FileGrainStorage.Name, (_, _) => Storage);
            });
            _cluster = builder.Build();
            await _cluster.DeployAsync();
        }

        public async Task DisposeAsync()
        {
            if (_cluster is not null)
                await _cluster.DisposeAsync();
        }
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Configuration;
using Orleans.Core.Internal;
using Orleans.Runtime.Hosting;
using Orleans.TestingHost;
using Sandbox.Cluster.Api.Creation;
using Sandbox.Cluster.Grains;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interfaces.Tenants;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Contexts;

/// <summary>What a context that was made on purpose keeps through sleep and failure, and what is left of one that nobody got.</summary>
public sealed class CreationTests(CreationTests.SiloFixture silo) : IClassFixture<CreationTests.SiloFixture>
{
    private static readonly CreateContextCommand Everything = new(
        Language.Python, "work", new Dictionary<string, string> { ["STAGE"] = "test" }, TimeSpan.FromMinutes(2), new Dictionary<string, string> { ["a"] = "b" });

    private readonly ContextKey _key = new($"t{Guid.NewGuid():N}", "c");

    [Fact]
    public async Task ACreatedContext_ThatRanNoCode_HasNothingToLose()
    {
        await CreateAsync(Everything);
        // What a silo that dies now leaves behind.
        Assert.True(silo.RecordOf(_key) is { Clean: true, Awake: true, Checkpoint: null });
        await SleepAsync();
        var first = await RunAsync("import os; os.getcwd(), os.environ['STAGE']");
        Assert.Equal(("('/home/user/work', 'test')", ContextState.Kept, 1, 1), (TextOf(first), first.State, first.ExecutionCount, first.Incarnation));
    }

    [Fact]
    public async Task ACreatedContext_ThatSlept_WakesWithItsDirectoryItsVariablesAndItsMetadata()
    {
        await CreateAsync(Everything);
        await RunAsync("import os; open('note', 'w').write('kept'); os.environ['OWN'] = 'own'");
        await SleepAsync();
        var woken = await RunAsync("os.getcwd(), os.environ['STAGE'], os.environ['OWN'], open('note').read()");
        Assert.Equal(("('/home/user/work', 'test', 'own', 'kept')", ContextState.Restored), (TextOf(woken), woken.State));
        var described = await Context.Describe(CancellationToken.None);
        Assert.Equal(("/home/user/work", "b"), (described?.Directory, described?.Metadata?["a"]));
    }

    [Fact]
    public async Task AskedAgain_ACreationIsTheSame()
    {
        var created = await CreateAsync(Everything);
        await RunAsync("x = 1");
        Assert.Equal(created.Context.CreatedAt, (await CreateAsync(Everything)).Context.CreatedAt);
        await SleepAsync();
        Assert.Equal(created.Context.CreatedAt, (await CreateAsync(Everything)).Context.CreatedAt);
        Assert.Equal("1", TextOf(await RunAsync("x")));
    }

    /// <summary>In real time, since the runtime keeps that: two minutes, and at most as much again until it looks.</summary>
    [Fact, Trait("Category", "Slow")]
    public async Task ACreatedContext_HibernatesAfterItsOwnIdleTimeout()
    {
        var other = new ContextKey(_key.Tenant, "other");
        await CreateAsync(Everything);
        await CreateAsync(Everything with { IdleTimeout = null }, other);
        await Eventually.UntilAsync(() => silo.RecordOf(_key) is { Awake: false }, within: TimeSpan.FromMinutes(10));
        Assert.True(silo.RecordOf(other) is { Awake: true });
    }

    [Fact]
    public async Task LookingAtAContext_DoesNotKeepItAwake()
    {
        await CreateAsync(Everything);
        await RunAsync("x = 1");
        Assert.NotNull(await Context.Describe(CancellationToken.None));
        Assert.True(silo.RecordOf(_key) is { Awake: true });
        silo.Time.Advance(TimeSpan.FromMinutes(3));
        await Eventually.UntilAsync(async () => await Context.Describe(CancellationToken.None) is not null && silo.RecordOf(_key) is { Awake: false });
        Assert.Equal("1", TextOf(await RunAsync("x")));
    }

    [Fact]
    public async Task AClientThatLeavesMeanwhile_LeavesNothingBehind()
    {
        var gate = new TaskCompletionSource();
        var before = silo.Storage.Changes;
        using var leaving = new CancellationTokenSource();
        var client = new CreationClient(silo.Client, new Running(), TimeProvider.System, NullLogger<CreationClient>.Instance);
        silo.Storage.Gate = gate.Task;
        var creating = client.CreateAsync(_key, Everything, leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => creating);
        silo.Storage.Gate = Task.CompletedTask;
        gate.SetResult();
        // Reserved, written; reserved, removed, released.
        await Eventually.UntilAsync(() => silo.Storage.Changes >= before + 5 && silo.RecordOf(_key) is null);
        Assert.Empty((await silo.Client.GetGrain<ITenantGrain>(_key.Tenant).List(null, 10, CancellationToken.None)).Ids);
    }

    [Fact]
    public async Task WhereNoInterpreterIsToBeHad_NothingIsLeftOfTheContext()
    {
        var storage = new MemoryStorage();
        await using var cluster = SiloFixture.Build(storage, new ShiftedTime(), services => services
            .AddSingleton<ICheckpointStore>(new WatchedCheckpoints()).AddSingleton<IInterpreterPool>(new NoInterpreters()));
        await cluster.DeployAsync();
        CreationReply reply;
        do
            reply = await cluster.Client.GetGrain<IContextCreation>(_key.ToString()).Create(Everything, CancellationToken.None);
        while (reply is CreationPending);
        Assert.Equal(new CreationRefused(RefusalReason.Unavailable), reply);
        Assert.Empty(storage.Records("context/"));
        await Eventually.UntilAsync(async () => (await cluster.Client.GetGrain<ITenantGrain>(_key.Tenant).List(null, 10, CancellationToken.None)).Ids.Count == 0);
    }

    private IContextGrain Context => silo.Client.GetGrain<IContextGrain>(_key.ToString());

    private async Task<ContextCreated> CreateAsync(CreateContextCommand command, ContextKey? key = null)
    {
        using var bound = new CancellationTokenSource(Eventually.Bound);
        while (true)
        {
            var reply = await silo.Client.GetGrain<IContextCreation>((key ?? _key).ToString()).Create(command, bound.Token);
            if (reply is ContextCreated created)
                return created;
            Assert.True(reply is CreationPending or CreationRefused { Reason: RefusalReason.Unavailable }, reply.ToString());
        }
    }

    private async Task<ExecutionResult> RunAsync(string code)
    {
        using var bound = new CancellationTokenSource(Eventually.Bound);
        while (true)
        {
            var id = Guid.NewGuid().ToString("N");
            var reply = await Context.Execute(new ExecuteCommand(id, code, null, null, TimeSpan.FromMinutes(1)), bound.Token);
            while (reply is ExecutionPending)
                reply = await Context.Follow(id, bound.Token);
            if (reply is not ExecutionRefused { Reason: RefusalReason.Unavailable })
                return Assert.IsType<ExecutionEnded>(reply).Result;
        }
    }

    private async Task SleepAsync()
    {
        await Context.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        await Eventually.UntilAsync(() => silo.RecordOf(_key) is { Clean: true, Awake: false });
    }

    private static string? TextOf(ExecutionResult result) =>
        System.Text.Json.JsonDocument.Parse(Assert.Single(result.Items).Data).RootElement.GetProperty("text/plain").GetString();

    /// <summary>One silo with real interpreters, which looks for idle contexts every second, and a clock that can be put forward.</summary>
    public sealed class SiloFixture : IAsyncLifetime
    {
        private readonly InProcessTestCluster _cluster;

        public SiloFixture() => _cluster = Build(Storage, Time, services => services.AddSingleton<ICheckpointStore>(Checkpoints));

        public IClusterClient Client => _cluster.Client;

        public MemoryStorage Storage { get; } = new();

        public ShiftedTime Time { get; } = new();

        internal WatchedCheckpoints Checkpoints { get; } = new();

        internal static InProcessTestCluster Build(MemoryStorage storage, ShiftedTime time, Action<IServiceCollection> configure)
        {
            var builder = new InProcessTestClusterBuilder(1);
            builder.ConfigureSilo((_, silo) =>
            {
                silo.Services.AddSingleton<TimeProvider>(time);
                silo.Services.AddContextGrains();
                silo.AddContextPlacement();
                silo.Services.Configure<InterpreterOptions>(options => options.DriversDirectory = Repository.Drivers);
                silo.Services.Configure<GrainCollectionOptions>(options => options.CollectionQuantum = TimeSpan.FromSeconds(1));
                silo.Services.AddGrainStorage(FileGrainStorage.Name, (_, _) => storage);
                configure(silo.Services);
            });
            return builder.Build();
        }

        /// <summary>Null when there is none.</summary>
        internal ContextRecord? RecordOf(ContextKey key)
        {
            var state = new GrainState<ContextRecord>();
            Storage.ReadStateAsync(ContextRecords.Name, Client.GetGrain<IContextGrain>(key.ToString()).GetGrainId(), state).GetAwaiter().GetResult();
            return state.RecordExists ? state.State : null;
        }

        public Task InitializeAsync() => _cluster.DeployAsync();

        public async Task DisposeAsync() => await _cluster.DisposeAsync();
    }

    private sealed class NoInterpreters : IInterpreterPool
    {
        public bool IsReady => true;

        public Task<IHome> OpenHomeAsync(Language language, string tenant, Surroundings surroundings, CancellationToken cancellationToken) =>
            throw new InterpreterUnavailableException("There is none.");
    }

    private sealed class Running : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}

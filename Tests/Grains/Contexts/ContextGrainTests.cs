using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.TestingHost;
using Sandbox.Cluster.Grains;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Silo.Storage.Checkpoints;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Contexts;

/// <summary>What a context does that HTTP does not show: followers, leases, and storage that fails.</summary>
public sealed class ContextGrainTests(ContextGrainTests.ClusterFixture cluster) : IClassFixture<ContextGrainTests.ClusterFixture>
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly IContextGrain _context = cluster.NewContext();

    [Fact]
    public async Task Execute_OfSomethingQuick_AnswersAtOnce()
    {
        var result = await EndAsync(_context, Command("a", "6 * 7"));
        Assert.Equal("""{"text/plain":"42"}""", System.Text.Encoding.UTF8.GetString(Assert.Single(result.Items).Data).Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(ContextState.New, result.State);
    }

    [Fact]
    public async Task Execute_OfSomethingSlow_IsPendingAndCanBeFollowed()
    {
        var command = Command("a", "import time\ntime.sleep(1)\n'end'");
        Assert.IsType<ExecutionPending>(await _context.Execute(command, CancellationToken.None));
        ExecutionReply reply;
        do
            reply = await _context.Follow("a", CancellationToken.None);
        while (reply is ExecutionPending);
        Assert.Null(Assert.IsType<ExecutionEnded>(reply).Result.Error);
        // An answer that was lost on its way can be asked for again.
        Assert.IsType<ExecutionEnded>(await _context.Follow("a", CancellationToken.None));
    }

    [Fact]
    public async Task Follow_OfAnExecutionThatNeverWas_IsUnknown() =>
        Assert.IsType<ExecutionUnknown>(await _context.Follow("never", CancellationToken.None));

    [Fact]
    public async Task Execute_WhenItsFollowerFallsSilent_IsInterrupted()
    {
        await EndAsync(_context, Command("a", "ended = None"));
        Assert.IsType<ExecutionPending>(await _context.Execute(
            Command("b", "import time\ntry:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    ended = 'interrupted'"), CancellationToken.None));
        // Nobody follows b: its lease lapses, and what waits behind it gets its turn.
        var result = await EndAsync(_context, Command("c", "ended"));
        Assert.Equal("""{"text/plain":"'interrupted'"}""", System.Text.Encoding.UTF8.GetString(Assert.Single(result.Items).Data).Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(ContextState.Kept, result.State);
    }

    [Fact]
    public async Task Execute_ForLater_GoesOnWithoutAFollowerAndIsKept()
    {
        var executions = cluster.ExecutionsOf(_context);
        var sign = new Sign();
        Assert.IsType<ExecutionPending>(await _context.Execute(
            Command("a", $"{sign.GiveAndAwaitAnswerPython()}\n'end'") with { Delivery = Delivery.Later }, CancellationToken.None));
        await sign.GivenAsync();
        // Nobody follows b either, and its lease lapses: had a one as well, it would have lapsed before.
        Assert.IsType<ExecutionPending>(await _context.Execute(Command("b", "1"), CancellationToken.None));
        ExecutionReply? lapsed = null;
        await Eventually.UntilAsync(async () => (lapsed = await executions.Find("b", CancellationToken.None)) is not ExecutionPending);
        Assert.Equal(ErrorKind.Interrupted, Assert.IsType<ExecutionEnded>(lapsed).Result.Error?.Kind);

        Assert.IsType<ExecutionPending>(await executions.Find("a", CancellationToken.None));
        sign.Answer();
        Assert.Null((await FollowAsync(_context, "a")).Error);
        Assert.Null(Assert.IsType<ExecutionEnded>(await executions.Find("a", CancellationToken.None)).Result.Error);
    }

    [Fact]
    public async Task Interrupt_StopsWhatRunsAndSaysWhy()
    {
        var sign = new Sign();
        var ending = EndAsync(_context, Command("a", $"import time\n{sign.GivePython()}\ntime.sleep(600)"));
        await sign.GivenAsync();
        await _context.Interrupt("a", InterruptCause.Requested, CancellationToken.None);
        var result = await ending;
        Assert.Equal((ErrorKind.Interrupted, "Interrupted"), (result.Error?.Kind, result.Error?.Name));
        Assert.Equal("The code was interrupted: a client asked for it. The context's state is kept.", result.Error?.Value);
    }

    [Fact]
    public async Task Interrupt_OfWhatWaits_TakesItOutOfTheQueue()
    {
        Assert.IsType<ExecutionPending>(await _context.Execute(Command("a", "import time\ntime.sleep(600)"), CancellationToken.None));
        Assert.IsType<ExecutionPending>(await _context.Execute(Command("b", "1"), CancellationToken.None));
        await _context.Interrupt("b", InterruptCause.Requested, CancellationToken.None);
        var result = await FollowAsync(_context, "b");
        Assert.StartsWith("The execution was interrupted before it started", result.Error?.Value, StringComparison.Ordinal);
        Assert.Null(result.ExecutionCount);
        await _context.Interrupt("a", InterruptCause.Requested, CancellationToken.None);
        await FollowAsync(_context, "a");
    }

    [Fact]
    public async Task Interrupt_OfWhatNeverWas_DoesNothing()
    {
        await _context.Interrupt("never", InterruptCause.Requested, CancellationToken.None);
        Assert.Null((await EndAsync(_context, Command("a", "1"))).Error);
    }

    [Fact]
    public async Task Execute_WhenTheCallIsCancelled_InterruptsTheCode()
    {
        await EndAsync(_context, Command("a", "n = 0"));
        using var leaving = new CancellationTokenSource();
        var sign = new Sign();
        var call = _context.Execute(Command("b", $"import time\nn = 1\n{sign.GivePython()}\ntime.sleep(600)\nn = 2"), leaving.Token);
        await sign.GivenAsync();
        await leaving.CancelAsync();
        await Record.ExceptionAsync(() => call);
        Assert.Null((await EndAsync(_context, Command("c", "assert n == 1"))).Error);
    }

    [Fact]
    public async Task Execute_WhenTheRecordCannotBeWritten_SaysThatNothingRanAndWorksOnceItCan()
    {
        cluster.Storage.IsBroken = true;
        ExecutionResult broken;
        try
        {
            broken = await EndAsync(_context, Command("a", "x = 1"));
        }
        finally
        {
            cluster.Storage.IsBroken = false;
        }
        Assert.Equal(ErrorKind.InternalError, broken.Error?.Kind);
        Assert.Null(broken.State);
        Assert.EndsWith("The code was not run.", broken.Error?.Value, StringComparison.Ordinal);
        var next = await UntilTakenAsync("b", "x");
        Assert.Equal("NameError", next.Error?.Name);
        Assert.Equal(ContextState.New, next.State);
    }

    [Fact]
    public async Task Execute_WhenTheLossOfStateCannotBeWritten_StillAnswersWithWhatTheCodeDid()
    {
        await EndAsync(_context, Command("a", "x = 1"));
        ExecutionResult result;
        try
        {
            var sign = new Sign();
            var call = EndAsync(_context, Command(
                "b", $"print('so far', flush=True)\n{sign.GiveAndAwaitAnswerPython()}\nimport os; os._exit(1)"));
            await sign.GivenAsync();
            cluster.Storage.IsBroken = true;
            sign.Answer();
            result = await call;
        }
        finally
        {
            cluster.Storage.IsBroken = false;
        }
        Assert.Equal((ErrorKind.InterpreterExited, ContextState.Lost), (result.Error?.Kind, result.State));
        Assert.Equal(["so far"], result.Stdout);
        // Storage never heard of it, so the next activation tells it once more; never an empty session unsaid.
        Assert.Equal(ErrorKind.ContextLost, (await UntilTakenAsync("c", "x")).Error?.Kind);
        Assert.Equal("NameError", (await EndAsync(_context, Command("d", "x"))).Error?.Name);
    }

    /// <summary>An activation that gave up refuses until the next one takes its place.</summary>
    private async Task<ExecutionResult> UntilTakenAsync(string id, string code)
    {
        using var bound = new CancellationTokenSource(Bound);
        for (var attempt = 0; ; attempt++)
        {
            bound.Token.ThrowIfCancellationRequested();
            var reply = await _context.Execute(Command($"{id}{attempt}", code), bound.Token);
            if (reply is ExecutionRefused { Reason: RefusalReason.Unavailable })
                continue;
            return reply is ExecutionEnded ended ? ended.Result : await FollowAsync(_context, $"{id}{attempt}");
        }
    }

    private static ExecuteCommand Command(string id, string code) => new(id, code, null, null, TimeSpan.FromMinutes(10));

    private static async Task<ExecutionResult> EndAsync(IContextGrain context, ExecuteCommand command) =>
        await context.Execute(command, CancellationToken.None) is ExecutionEnded ended
            ? ended.Result
            : await FollowAsync(context, command.ExecutionId);

    private static async Task<ExecutionResult> FollowAsync(IContextGrain context, string executionId)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (true)
        {
            var reply = await context.Follow(executionId, bound.Token);
            if (reply is not ExecutionPending)
                return Assert.IsType<ExecutionEnded>(reply).Result;
        }
    }

    /// <summary>One silo with real interpreters, impatient, and with storage that can be broken.</summary>
    public sealed class ClusterFixture : IAsyncLifetime
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sandbox-test-");
        private InProcessTestCluster? _cluster;

        public BreakableStorage Storage { get; }

        public ClusterFixture() => Storage = new BreakableStorage(new FileGrainStorage(_folder.FullName));

        public IContextGrain NewContext() =>
            _cluster!.Client.GetGrain<IContextGrain>(new ContextKey(ContextKey.DefaultTenant, $"c{Guid.NewGuid():N}").ToString());

        public IContextExecutions ExecutionsOf(IContextGrain context) =>
            _cluster!.Client.GetGrain<IContextExecutions>(context.GetPrimaryKeyString());

        public async Task InitializeAsync()
        {
            var builder = new InProcessTestClusterBuilder(1);
            builder.ConfigureSilo((_, silo) =>
            {
                silo.Services.AddContextGrains();
                silo.AddContextPlacement();
                silo.Services.Configure<InterpreterOptions>(options => options.DriversDirectory = Repository.Drivers);
                silo.Services.Configure<ContextOptions>(options =>
                {
                    options.AnswerWithin = TimeSpan.FromMilliseconds(200);
                    options.FollowerLease = TimeSpan.FromSeconds(2);
                });
                silo.Services.AddGrainStorage(FileGrainStorage.Name, (_, _) => Storage);
                silo.Services.AddSingleton<ICheckpointStore>(new FolderCheckpointStore(_folder.CreateSubdirectory("checkpoints").FullName));
            });
            _cluster = builder.Build();
            await _cluster.DeployAsync();
        }

        public async Task DisposeAsync()
        {
            if (_cluster is not null)
                await _cluster.DisposeAsync();
            _folder.Delete(recursive: true);
        }
    }
}

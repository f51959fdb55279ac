using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Core.Internal;
using Orleans.Runtime.Hosting;
using Orleans.TestingHost;
using Sandbox.Cluster.Grains;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interfaces.Files;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Checkpoints;

/// <summary>Sessions that outlive their interpreter and their activation, and what is said of them.</summary>
public sealed partial class SessionTests(SessionTests.SiloFixture silo) : IClassFixture<SessionTests.SiloFixture>
{
    private readonly string _key = new ContextKey(ContextKey.DefaultTenant, $"c{Guid.NewGuid():N}").ToString();
    private int _executions;

    public static TheoryData<Language, string, string> Sessions => new()
    {
        { Language.Python, "x = {'a': [1, 2]}\nopen('note.txt', 'w').write('kept')", "print(x, open('note.txt').read())" },
        { Language.TypeScript, "let x = { a: [1, 2] }; await Bun.write('note.txt', 'kept')", "console.log(x.a, await Bun.file('note.txt').text())" },
    };

    [Theory, MemberData(nameof(Sessions))]
    public async Task AContextThatWasPutToSleep_WakesWithItsHeapAndItsFiles(Language language, string set, string get)
    {
        Assert.Equal(ContextState.New, (await RunAsync(set, language)).State);
        await SleepAsync();

        var woken = await RunAsync(get, language);

        Assert.Equal((ContextState.Restored, 2, 1), (woken.State, woken.ExecutionCount, woken.Incarnation));
        Assert.Contains("kept", Assert.Single(woken.Stdout), StringComparison.Ordinal);
        Assert.Contains("1, 2", Assert.Single(woken.Stdout), StringComparison.Ordinal);
        Assert.Equal(ContextState.Kept, (await RunAsync("1", language)).State);
    }

    [Fact]
    public async Task AQuietSession_IsSavedByItself_AndComesBackWholeWhenItsInterpreterDies()
    {
        var sign = new Sign();
        await RunAsync($"x = 1\n{sign.GivePython()}");
        await sign.GivenAsync();
        await RunAsync("x += 1");
        await SavedAsync();
        // Between two calls, so that no execution ended it.
        await KillAsync(sign.ProcessId);

        // A question changes nothing, also while the silo has yet to notice; the first to be answered is answered by who has come back.
        InquiryReply answer;
        do
        {
            answer = await silo.Cluster.Client.GetGrain<IContextInquiries>(_key).Inquire(
                new InquiryCommand($"q{Guid.NewGuid():N}", InquiryKind.Inspect, "x", 1), CancellationToken.None);
        }
        while (answer is InquiryFailed { Fault: InquiryFault.SessionLost });
        Assert.Equal(new ContextNews(ContextState.Restored, 1), answer.News);

        var next = await RunAsync("x");

        Assert.Equal(("2", ContextState.Kept, 3, 1), (TextOf(next), next.State, next.ExecutionCount, next.Incarnation));
    }

    [Fact]
    public async Task CodeThatEndsItsInterpreter_RollsTheContextBack_AndSaysToWhere()
    {
        await RunAsync("x = 1");
        await SavedAsync();
        await RunAsync("x = 2");

        var ended = await RunAsync("import os; os._exit(3)");

        Assert.Equal((ErrorKind.InterpreterExited, ContextState.RolledBack, 1, 2), (ended.Error?.Kind, ended.State, ended.RestoredTo, ended.Incarnation));
        Assert.EndsWith("The context's state is that of its last checkpoint, after execution 1.", ended.Error?.Value, StringComparison.Ordinal);
        var next = await RunAsync("x");
        Assert.Equal(("1", ContextState.Kept, null, 2, 2), (TextOf(next), next.State, next.RestoredTo, next.ExecutionCount, next.Incarnation));
    }

    [Fact]
    public async Task WhatCouldNotBeCarried_SaysSoWhenItIsTouched()
    {
        await RunAsync("y = 1\ng = (i for i in range(3))");
        await SleepAsync();
        Assert.Equal("1", TextOf(await RunAsync("y")));
        var touched = await RunAsync("next(g)");
        Assert.Equal("LostStateError", touched.Error?.Name);
    }

    public static TheoryData<string> Damages => ["cut", "bit", "gone", "other"];

    [Theory, MemberData(nameof(Damages))]
    public async Task ADamagedCheckpoint_IsToldOnceAsALoss_AndTheContextWorksOn(string damage)
    {
        await RunAsync("x = 1");
        await SleepAsync();
        var name = Assert.Single(silo.Checkpoints.Of(_key));
        silo.Checkpoints.Spoil(name, content => damage switch
        {
            "cut" => content[..(content.Length / 2)],
            "bit" => [.. content[..^1], (byte)(content[^1] ^ 1)],
            "gone" => null,
            _ => [],
        });

        var told = await RunAsync("x");

        Assert.Equal((ErrorKind.ContextLost, ContextState.Lost, 2), (told.Error?.Kind, told.State, told.Incarnation));
        var next = await RunAsync("x");
        Assert.Equal(("NameError", ContextState.Kept, 1, 2), (next.Error?.Name, next.State, next.ExecutionCount, next.Incarnation));
        Assert.Empty(silo.Checkpoints.Of(_key));
    }

    [Fact]
    public async Task ACheckpointThatTheDriverDoesNotTake_IsALossAsWell()
    {
        await RunAsync("x = 1");
        await SleepAsync();
        var name = Assert.Single(silo.Checkpoints.Of(_key));
        var older = OfAnOlderDriver(silo.Checkpoints.Read(name));
        var renamed = name with { Content = Convert.ToHexStringLower(SHA256.HashData(older)) };
        silo.Checkpoints.Put(renamed, older);
        await silo.ChangeRecordAsync(Context, record => record with { Checkpoint = record.Checkpoint! with { Content = renamed.Content } });

        var told = await RunAsync("x");

        Assert.Equal((ErrorKind.ContextLost, ContextState.Lost), (told.Error?.Kind, told.State));
    }

    [Fact]
    public async Task AnExecutionWhileASessionIsSaved_MakesThatCheckpointWorthless()
    {
        await RunAsync("x = 1");
        await SavedAsync();
        var first = Assert.Single(silo.Checkpoints.Of(_key));
        using (var barrier = silo.Checkpoints.HoldBack())
        {
            await RunAsync("x = 2");
            await barrier.ReachedAsync();
            // The session does not wait for its checkpoint.
            Assert.Equal("3", TextOf(await RunAsync("x += 1; x")));
        }
        await Eventually.UntilAsync(() => silo.Checkpoints.Of(_key) is [var only] && only != first);
        await SleepAsync();
        var woken = await RunAsync("x");
        Assert.Equal(("3", ContextState.Restored, 4), (TextOf(woken), woken.State, woken.ExecutionCount));
    }

    [Fact]
    public async Task AContextThatIsDeletedWhileItIsSaved_IsNoFailureOfTheSave()
    {
        using (var barrier = silo.Checkpoints.HoldBack())
        {
            await RunAsync("x = 1");
            await barrier.ReachedAsync();
            Assert.Equal(LifecycleReply.Done, await Context.Cast<IContextLifecycle>().Delete(CancellationToken.None));
        }
        // The next one is saved later than that one was given up.
        await RunAsync("x = 1");
        await SavedAsync();
        Assert.DoesNotContain(silo.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("Canceled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AStoreThatIsAway_CostsNothingOfASessionThatLives_AndIsTriedAgain()
    {
        silo.Checkpoints.IsBroken = true;
        try
        {
            await RunAsync("x = 1");
            await Eventually.UntilAsync(() => silo.Checkpoints.RefusedOf(_key) > 0);
            Assert.Equal("1", TextOf(await RunAsync("x")));
        }
        finally
        {
            silo.Checkpoints.IsBroken = false;
        }
        await SavedAsync();
        await SleepAsync();
        Assert.Equal(ContextState.Restored, (await RunAsync("x")).State);
    }

    [Fact]
    public async Task AStoreThatIsAwayForLong_IsNotLeftAloneForEverLonger()
    {
        silo.Checkpoints.IsBroken = true;
        try
        {
            await RunAsync("x = 1");
            // After five seconds. With pauses that go on to double, it would be fifty.
            await Eventually.UntilAsync(() => silo.Checkpoints.RefusedOf(_key) >= 8).WaitAsync(TimeSpan.FromSeconds(30));
        }
        finally
        {
            silo.Checkpoints.IsBroken = false;
        }
    }

    [Fact]
    public async Task AStoreThatIsAwayWhenASessionWakes_LosesNothing()
    {
        await RunAsync("x = 1");
        await SleepAsync();
        silo.Checkpoints.IsBroken = true;
        ExecutionResult refused;
        try
        {
            refused = await RunAsync("x");
        }
        finally
        {
            silo.Checkpoints.IsBroken = false;
        }
        Assert.Equal(ErrorKind.InternalError, refused.Error?.Kind);
        Assert.EndsWith("The code was not run.", refused.Error?.Value, StringComparison.Ordinal);
        var woken = await RunAsync("x");
        Assert.Equal(("1", ContextState.Restored), (TextOf(woken), woken.State));
    }

    [Fact]
    public async Task AnActivationThatWasOvertaken_RunsNothingMore()
    {
        await RunAsync("x = 1");
        await SavedAsync();
        await silo.ChangeRecordAsync(Context, record => record with { Epoch = record.Epoch + 1, Owner = Guid.NewGuid() });

        // The first execution after a checkpoint is written down before it runs, which fails: the call reaches a new activation.
        var next = await RunAsync("x");

        Assert.Equal(("1", ContextState.Restored), (TextOf(next), next.State));
    }

    [Fact]
    public async Task AFileThatIsPutWhileNoCodeRuns_IsSavedAsWell()
    {
        await RunAsync("x = 1");
        await SavedAsync();
        await PutAsync("note.txt", "kept");
        await SavedAsync();
        await SleepAsync();

        var woken = await RunAsync("open('note.txt').read()");

        Assert.Equal(("'kept'", ContextState.Restored), (TextOf(woken), woken.State));
    }

    [Fact]
    public async Task AskingForAFileOfAContextThatSleeps_WakesItAndIsTheOneThatIsTold()
    {
        await RunAsync("open('note.txt', 'w').write('kept'); x = 1");
        await SleepAsync();

        Assert.Equal(new ContextNews(ContextState.Restored, 1), await PutAsync("other.txt", "new"));
        Assert.Equal(new ContextNews(ContextState.Kept, 1), await PutAsync("another.txt", "new"));

        var woken = await RunAsync("open('note.txt').read() + open('other.txt').read() + str(x)");
        Assert.Equal(("'keptnew1'", ContextState.Kept), (TextOf(woken), woken.State));
    }

    [Fact]
    public async Task ADeletedContext_LeavesNeitherCheckpointNorRecord()
    {
        await RunAsync("x = 1");
        await SavedAsync();
        Assert.Equal(LifecycleReply.Done, await Context.Cast<IContextLifecycle>().Delete(CancellationToken.None));
        Assert.Empty(silo.Checkpoints.Of(_key));
        var next = await RunAsync("x");
        Assert.Equal((ContextState.New, "NameError", 1), (next.State, next.Error?.Name, next.Incarnation));
    }

    private static byte[] OfAnOlderDriver(byte[] content)
    {
        using var plain = new MemoryStream();
        using (var stream = new ZstdSharp.DecompressionStream(new MemoryStream(content)))
            stream.CopyTo(plain);
        var text = Encoding.Latin1.GetString(plain.ToArray());
        var older = text.Replace("\"checkpoint\":1", "\"checkpoint\":0", StringComparison.Ordinal);
        Assert.NotEqual(text, older);
        using var packed = new MemoryStream();
        using (var stream = new ZstdSharp.CompressionStream(packed, leaveOpen: true))
            stream.Write(Encoding.Latin1.GetBytes(older));
        return packed.ToArray();
    }

    private static string? TextOf(ExecutionResult result) =>
        System.Text.Json.JsonDocument.Parse(Assert.Single(result.Items).Data).RootElement.GetProperty("text/plain").GetString();

    private IContextGrain Context => silo.Cluster.Client.GetGrain<IContextGrain>(_key);

    /// <summary>Runs code, again where an activation that leaves refuses it.</summary>
    private async Task<ExecutionResult> RunAsync(string code, Language language = Language.Python) => (await EndAsync(code, language)).Result;

    private async Task<ExecutionEnded> EndAsync(string code, Language language, IdempotencyKey? key = null)
    {
        using var bound = new CancellationTokenSource(Eventually.Bound);
        while (true)
        {
            var id = $"e{++_executions}";
            var reply = await Context.Execute(new ExecuteCommand(id, code, language, null, TimeSpan.FromMinutes(1), Key: key), bound.Token);
            while (reply is ExecutionPending)
                reply = await Context.Follow(id, bound.Token);
            if (reply is not ExecutionRefused { Reason: RefusalReason.Unavailable })
                return Assert.IsType<ExecutionEnded>(reply);
            await Task.Delay(20, bound.Token);
        }
    }

    private static async Task KillAsync(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(Eventually.Bound);
    }

    private async Task<ContextNews?> PutAsync(string path, string text)
    {
        var files = silo.Cluster.Client.GetGrain<IContextFiles>(_key);
        var reply = await files.WriteFile(
            new WriteFileCommand(Guid.NewGuid().ToString("N"), Encoding.UTF8.GetBytes(path), null, 0, Encoding.UTF8.GetBytes(text), IsLast: true), CancellationToken.None);
        return Assert.IsType<FileWritten>(reply).News;
    }

    /// <summary>Waits until everything that ran is in a checkpoint.</summary>
    private Task SavedAsync() => Eventually.UntilAsync(async () => await silo.RecordAsync(Context) is { Clean: true, Checkpoint: not null });

    /// <summary>Deactivates the context, as the runtime does with one that was idle for long.</summary>
    private async Task SleepAsync()
    {
        await Context.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        await Eventually.UntilAsync(async () => await silo.RecordAsync(Context) is { Clean: true, Awake: false });
    }

    /// <summary>One silo with real interpreters, which saves soon, and whose storage can be looked into.</summary>
    public sealed class SiloFixture : IAsyncLifetime
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sandbox-test-");
        private readonly FileGrainStorage _records;

        public SiloFixture()
        {
            _records = new FileGrainStorage(_folder.FullName);
            Storage = new BreakableStorage(_records);
            var builder = new InProcessTestClusterBuilder(1);
            builder.ConfigureSilo((_, silo) =>
            {
                silo.Services.AddContextGrains();
                silo.AddContextPlacement();
                silo.Services.Configure<InterpreterOptions>(options => options.DriversDirectory = Repository.Drivers);
                silo.Services.Configure<CheckpointOptions>(options => options.QuietPeriod = TimeSpan.FromMilliseconds(200));
                silo.Services.AddGrainStorage(FileGrainStorage.Name, (_, _) => Storage);
                silo.Services.AddSingleton<ICheckpointStore>(Checkpoints);
                silo.Services.AddLogging(logging => logging.AddProvider(Log));
            });
            Cluster = builder.Build();
        }

        public InProcessTestCluster Cluster { get; }

        public BreakableStorage Storage { get; }

        internal WatchedCheckpoints Checkpoints { get; } = new();

        internal LogCollector Log { get; } = new();

        internal async Task<ContextRecord> RecordAsync(IContextGrain context) => (await ReadAsync(context)).State!;

        /// <summary>As another activation would, which knows the etag.</summary>
        internal async Task ChangeRecordAsync(IContextGrain context, Func<ContextRecord, ContextRecord> change)
        {
            var state = await ReadAsync(context);
            state.State = change(state.State!);
            await _records.WriteStateAsync("context", context.GetGrainId(), state);
        }

        public Task InitializeAsync() => Cluster.DeployAsync();

        public async Task DisposeAsync()
        {
            await Cluster.DisposeAsync();
            _folder.Delete(recursive: true);
        }

        private async Task<GrainState<ContextRecord>> ReadAsync(IContextGrain context)
        {
            var state = new GrainState<ContextRecord>();
            await _records.ReadStateAsync("context", context.GetGrainId(), state);
            return state;
        }
    }
}

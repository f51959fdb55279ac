using System.Text;
using Orleans.Core.Internal;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interfaces.Files;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;
using Sandbox.Cluster.Grains.Interfaces.Tenants;
using Sandbox.Cluster.Tests.Grains.Contexts;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Retention;

/// <summary>Contexts that nobody uses for as long as they are kept.</summary>
public sealed class RetentionTests(CreationTests.SiloFixture silo) : IClassFixture<CreationTests.SiloFixture>
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(7);

    private readonly ContextKey _key = new($"t{Guid.NewGuid():N}", "c");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AContextPastItsTime_IsNotThere_AndItsIdStandsForANewOne(bool sleeps)
    {
        await RunAsync("x = 1");
        if (sleeps)
            await SleepAsync();
        silo.Time.Advance(Retention);
        Assert.Null(await DescribeAsync());
        var next = await RunAsync("x");
        Assert.Equal((ContextState.New, "NameError", 1, 1), (next.State, next.Error?.Name, next.Incarnation, next.ExecutionCount));
        Assert.NotNull(await DescribeAsync());
        // What the first one had left is gone as well.
        Assert.True(silo.RecordOf(_key) is { Checkpoint: null });
    }

    [Fact]
    public async Task WhateverElseIsAskedOfAContextPastItsTime_FindsNone()
    {
        Func<Task<object>>[] questions =
        [
            async () => await Grain<IContextFiles>().OpenFile("t", Encoding.UTF8.GetBytes("f"), null, CancellationToken.None),
            async () => await Grain<IContextInquiries>().Inquire(new InquiryCommand("i", InquiryKind.Complete, "pri", 3), CancellationToken.None),
            async () => await Grain<IContextLifecycle>().Restart(CancellationToken.None),
        ];
        object[] none = [new FileFailed(FileFault.NoSuchContext), new InquiryFailed(InquiryFault.NoSuchContext), LifecycleReply.NoSuchContext];
        foreach (var (ask, expected) in questions.Zip(none))
        {
            await RunAsync("x = 1");
            await SleepAsync();
            silo.Time.Advance(Retention);
            Assert.Equal(expected, await ask());
            await Eventually.UntilAsync(() => silo.RecordOf(_key) is null && silo.Checkpoints.Of(_key.ToString()).Count == 0);
        }
    }

    [Fact]
    public async Task Use_PutsTheEndOff_AndLookingDoesNot()
    {
        await RunAsync("x = 1");
        silo.Time.Advance(Retention / 2);
        var before = await DescribeAsync();
        Assert.Equal(before!.LastUsedAt + Retention, before.ExpiresAt);
        await RunAsync("x += 1");
        await SleepAsync();
        silo.Time.Advance(Retention / 2 + TimeSpan.FromMinutes(1));
        var after = await DescribeAsync();
        Assert.Equal(after!.LastUsedAt + Retention, after.ExpiresAt);
        Assert.True(after.ExpiresAt > before.ExpiresAt);
        Assert.Equal(ContextState.Restored, (await RunAsync("assert x == 2")).State);
    }

    public static TheoryData<string> Uses => ["read", "write", "question", "restart"];

    [Theory, MemberData(nameof(Uses))]
    public async Task FilesQuestionsAndARestart_AreUse(string use)
    {
        await RunAsync("x = 1");
        silo.Time.Advance(Retention / 2);
        await UseAsync(use);
        silo.Time.Advance(Retention / 2 + TimeSpan.FromMinutes(1));
        Assert.NotNull(await DescribeAsync());
        await UseAsync(use);
        await SleepAsync();
        silo.Time.Advance(Retention - TimeSpan.FromMinutes(1));
        Assert.NotNull(await DescribeAsync());
        silo.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(await DescribeAsync());
    }

    /// <summary>The tenant's index looks once a minute.</summary>
    [Fact, Trait("Category", "Slow")]
    public async Task ContextsPastTheirTime_AreRemovedByThemselves_AsleepAndAwake()
    {
        await RunAsync("x = 1");
        await SleepAsync();
        var awake = _key with { ContextId = "awake" };
        var sign = new Sign();
        await RunAsync(sign.GivePython(), awake);
        await sign.GivenAsync();
        silo.Time.Advance(Retention);
        var used = _key with { ContextId = "used" };
        await RunAsync("x = 1", used);

        await Eventually.UntilAsync(() => silo.RecordOf(_key) is null && silo.RecordOf(awake) is null, within: TimeSpan.FromMinutes(5));

        Assert.NotNull(silo.RecordOf(used));
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{sign.ProcessId}"));
        await Eventually.UntilAsync(() => silo.Checkpoints.Of(_key.ToString()).Count == 0);
        await Eventually.UntilAsync(async () =>
            (await silo.Client.GetGrain<ITenantGrain>(_key.Tenant).List(null, 10, CancellationToken.None)).Ids is ["used"]);
    }

    private async Task UseAsync(string use)
    {
        object reply = use switch
        {
            "read" => await Grain<IContextFiles>().OpenFile(Guid.NewGuid().ToString("N"), Encoding.UTF8.GetBytes("f"), null, CancellationToken.None),
            "write" => await Grain<IContextFiles>().WriteFile(
                new WriteFileCommand(Guid.NewGuid().ToString("N"), Encoding.UTF8.GetBytes("f"), null, 0, Encoding.UTF8.GetBytes("text"), IsLast: true),
                CancellationToken.None),
            "question" => await Grain<IContextInquiries>().Inquire(
                new InquiryCommand(Guid.NewGuid().ToString("N"), InquiryKind.Complete, "pri", 3), CancellationToken.None),
            _ => await Grain<IContextLifecycle>().Restart(CancellationToken.None),
        };
        // Where it was answered at all, that there is no such file among it.
        Assert.True(reply is FileFailed { Fault: FileFault.NotFound } or FileWritten or Completions or LifecycleReply.Done, reply.ToString());
    }

    private T Grain<T>()
        where T : IGrainWithStringKey => silo.Client.GetGrain<T>(_key.ToString());

    private async Task<ContextDescription?> DescribeAsync() => Assert.Single(
        await silo.Client.GetGrain<IContextReaderGrain>(IContextReaderGrain.Key).Describe([_key.ToString()], CancellationToken.None));

    private async Task<ExecutionResult> RunAsync(string code, ContextKey? key = null)
    {
        using var bound = new CancellationTokenSource(Eventually.Bound);
        var context = silo.Client.GetGrain<IContextGrain>((key ?? _key).ToString());
        while (true)
        {
            var id = Guid.NewGuid().ToString("N");
            var reply = await context.Execute(new ExecuteCommand(id, code, null, null, TimeSpan.FromMinutes(1)), bound.Token);
            while (reply is ExecutionPending)
                reply = await context.Follow(id, bound.Token);
            if (reply is not ExecutionRefused { Reason: RefusalReason.Unavailable })
                return Assert.IsType<ExecutionEnded>(reply).Result;
            await Task.Delay(20, bound.Token);
        }
    }

    private async Task SleepAsync()
    {
        await Grain<IContextGrain>().Cast<IGrainManagementExtension>().DeactivateOnIdle();
        await Eventually.UntilAsync(() => silo.RecordOf(_key) is { Clean: true, Awake: false, Checkpoint: not null });
    }
}

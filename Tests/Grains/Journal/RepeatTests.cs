using System.Diagnostics;
using System.Text.Json;
using Orleans.Core.Internal;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Tests.Grains.Checkpoints;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Journal;

/// <summary>Executions that are sent again: what the state remembers of them, and what becomes of that.</summary>
public sealed class RepeatTests(SessionTests.SiloFixture silo) : IClassFixture<SessionTests.SiloFixture>
{
    private const string Count = "n = globals().get('n', 0) + 1; n";
    private readonly string _key = new ContextKey(ContextKey.DefaultTenant, $"c{Guid.NewGuid():N}").ToString();
    private int _executions;

    private IContextGrain Context => silo.Cluster.Client.GetGrain<IContextGrain>(_key);

    [Fact]
    public async Task AKey_TravelsWithTheState()
    {
        var first = await EndAsync(Command(Count, key: "k"));
        await SleepAsync();

        var again = await EndAsync(Command(Count, key: "k"));

        Assert.Equal(("e1", "1", 1), (again.StoredOf, TextOf(again), again.Result.ExecutionCount));
        Assert.Equal(first.Result.State, again.Result.State);
        // It ran nothing, and that the session was woken is still to be told.
        var next = await EndAsync(Command("n"));
        Assert.Equal(("1", ContextState.Restored, 2), (TextOf(next), next.Result.State, next.Result.ExecutionCount));
    }

    [Fact]
    public async Task AKey_GoesWithTheStateThatItBelongsTo()
    {
        await EndAsync(Command(Count, key: "saved"));
        await SavedAsync();
        await EndAsync(Command(Count, key: "unsaved"));
        var ending = await EndAsync(Command("import os; os._exit(3)", key: "ending"));
        Assert.Equal(ContextState.RolledBack, ending.Result.State);

        Assert.Equal("e1", (await EndAsync(Command(Count, key: "saved"))).StoredOf);
        Assert.Equal("e3", (await EndAsync(Command("import os; os._exit(3)", key: "ending"))).StoredOf);
        var again = await EndAsync(Command(Count, key: "unsaved"));
        Assert.Equal((null, "2"), (again.StoredOf, TextOf(again)));
        Assert.Equal(LifecycleReply.Done, await Context.Cast<IContextLifecycle>().Restart(CancellationToken.None));
        Assert.Equal((null, "1"), await EndAsync(Command(Count, key: "saved")) is var anew ? (anew.StoredOf, TextOf(anew)) : default);
    }

    [Fact]
    public async Task AKeyOfAnotherRequest_IsRefused_AwakeAndAsleep()
    {
        await EndAsync(Command(Count, key: "k"));
        await SavedAsync();
        var other = Command("2") with { Key = new IdempotencyKey("k", [2]) };
        Assert.Equal(RefusalReason.KeyReused, Assert.IsType<ExecutionRefused>(await Context.Execute(other, CancellationToken.None)).Reason);
        await SleepAsync();
        Assert.Equal(RefusalReason.KeyReused, Assert.IsType<ExecutionRefused>(await ReplyAsync(Command("2") with { Key = other.Key })).Reason);
    }

    [Fact]
    public async Task WhatIsSentAgain_IsAnsweredWhereItRan()
    {
        var command = Command(Count);
        var first = await EndAsync(command);
        var kept = await EndAsync(command with { Age = TimeSpan.FromSeconds(1) });
        Assert.Equal(TextOf(first), TextOf(kept));

        await SleepAsync();

        var remembered = await EndAsync(command with { Age = TimeSpan.FromSeconds(1) });
        Assert.Equal((command.ExecutionId, "1"), (remembered.StoredOf, TextOf(remembered)));
        Assert.Equal("1", TextOf(await EndAsync(Command("n"))));
    }

    [Fact]
    public async Task WhatIsSentAgain_WhileItRuns_IsTheSame()
    {
        var sign = new Sign();
        var command = Command($"{sign.GiveAndAwaitAnswerPython()}\n{Count}");
        var running = EndAsync(command);
        await sign.GivenAsync();
        var again = EndAsync(command with { Age = TimeSpan.FromSeconds(1) });
        sign.Answer();
        Assert.Equal(("1", "1"), (TextOf(await running), TextOf(await again)));
        Assert.Equal("1", TextOf(await EndAsync(Command("n"))));
    }

    [Fact]
    public async Task WhatIsSentAgainAndNeverRan_Runs()
    {
        await EndAsync(Command("n = 10"));
        await SleepAsync();
        var answer = await EndAsync(Command(Count) with { Age = TimeSpan.FromSeconds(1) });
        Assert.Equal((null, "11", ContextState.Restored), (answer.StoredOf, TextOf(answer), answer.Result.State));
    }

    [Fact]
    public async Task WhatIsSentAgainAfterItsStateWasRolledBack_IsInDoubt_AndTheNextIsTold()
    {
        var sign = new Sign();
        await EndAsync(Command($"n = 10\n{sign.GivePython()}"));
        await sign.GivenAsync();
        await SavedAsync();
        silo.Checkpoints.IsBroken = true;
        try
        {
            await EndAsync(Command(Count));
            await KillAsync(sign.ProcessId);
        }
        finally
        {
            silo.Checkpoints.IsBroken = false;
        }

        Assert.IsType<ExecutionInDoubt>(await ReplyAsync(Command(Count) with { Age = TimeSpan.FromSeconds(1) }));

        var next = await EndAsync(Command("n"));
        Assert.Equal(("10", ContextState.RolledBack), (TextOf(next), next.Result.State));
    }

    [Fact]
    public async Task WhatIsSentAgainAfterItsStateWasLost_IsInDoubt_AndTheNextIsTold()
    {
        silo.Checkpoints.IsBroken = true;
        try
        {
            var sign = new Sign();
            await EndAsync(Command($"n = 10\n{sign.GivePython()}"));
            await sign.GivenAsync();
            await KillAsync(sign.ProcessId);
        }
        finally
        {
            silo.Checkpoints.IsBroken = false;
        }

        Assert.IsType<ExecutionInDoubt>(await ReplyAsync(Command(Count) with { Age = TimeSpan.FromSeconds(1) }));

        Assert.Equal(ErrorKind.ContextLost, (await EndAsync(Command("n"))).Result.Error?.Kind);
        Assert.Equal("1", TextOf(await EndAsync(Command(Count))));
    }

    private ExecuteCommand Command(string code, string? key = null) => new(
        $"e{++_executions}", code, Language.Python, null, TimeSpan.FromMinutes(1), Key: key is null ? null : new IdempotencyKey(key, [1]));

    private async Task<ExecutionEnded> EndAsync(ExecuteCommand command) => Assert.IsType<ExecutionEnded>(await ReplyAsync(command));

    /// <summary>Sends it, again where an activation that leaves refuses it, and waits for the end.</summary>
    private async Task<ExecutionReply> ReplyAsync(ExecuteCommand command)
    {
        using var bound = new CancellationTokenSource(Eventually.Bound);
        while (true)
        {
            var reply = await Context.Execute(command, bound.Token);
            while (reply is ExecutionPending)
                reply = await Context.Follow(command.ExecutionId, bound.Token);
            if (reply is not ExecutionRefused { Reason: RefusalReason.Unavailable })
                return reply;
            await Task.Delay(20, bound.Token);
        }
    }

    private static string? TextOf(ExecutionEnded ended) =>
        JsonDocument.Parse(Assert.Single(ended.Result.Items).Data).RootElement.GetProperty("text/plain").GetString();

    private static async Task KillAsync(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(Eventually.Bound);
    }

    private Task SavedAsync() => Eventually.UntilAsync(async () => await silo.RecordAsync(Context) is { Clean: true, Checkpoint: not null });

    private async Task SleepAsync()
    {
        await Context.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        await Eventually.UntilAsync(async () => await silo.RecordAsync(Context) is { Clean: true, Awake: false });
    }
}

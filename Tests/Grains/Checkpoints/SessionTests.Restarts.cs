using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Checkpoints;

/// <summary>What a restart ends, and what it keeps.</summary>
public sealed partial class SessionTests
{
    public static TheoryData<Language, string, string, string> Restarts => new()
    {
        { Language.Python, "x = 1\nopen('note.txt', 'w').write('kept')", "import os; os._exit(3)", "print(open('note.txt').read(), 'x' in globals())" },
        {
            Language.TypeScript, "var x = 1; await Bun.write('note.txt', 'kept')", "process.exit(3)",
            "console.log(await Bun.file('note.txt').text(), typeof x !== 'undefined' ? 'True' : 'False')"
        },
    };

    [Theory, MemberData(nameof(Restarts))]
    public async Task WhatARestartHasEnded_NeverComesBack_AndItsFilesDo(Language language, string set, string exit, string get)
    {
        var key = new IdempotencyKey("k", [1]);
        Assert.Null((await EndAsync(set, language, key)).StoredOf);
        await SavedAsync();
        // Nothing is saved any more: there is only what was saved before the restart.
        using (silo.Checkpoints.HoldBack())
        {
            await RestartAsync();
            var ended = await RunAsync(exit, language);
            Assert.Equal((ErrorKind.InterpreterExited, ContextState.RolledBack, 0, 3), (ended.Error?.Kind, ended.State, ended.RestoredTo, ended.Incarnation));
            Assert.EndsWith("before its first execution, with the files of its last checkpoint.", ended.Error?.Value, StringComparison.Ordinal);

            var next = await RunAsync(get, language);

            Assert.Equal(("kept False", 1), (Assert.Single(next.Stdout).TrimEnd(), next.ExecutionCount));
            // Nor is it known any more what was answered then.
            Assert.Null((await EndAsync(set, language, key)).StoredOf);
        }
        await SavedAsync();
        await SleepAsync();
        var woken = await RunAsync(get, language);
        Assert.Equal(("kept True", ContextState.Restored, 3), (Assert.Single(woken.Stdout).TrimEnd(), woken.State, woken.ExecutionCount));
    }

    [Theory, MemberData(nameof(Restarts))]
    public async Task AContextThatIsRestartedAsleep_KeepsItsFilesAlone(Language language, string set, string exit, string get)
    {
        await RunAsync(set, language);
        await SleepAsync();
        using (silo.Checkpoints.HoldBack())
        {
            await RestartAsync();
            var next = await RunAsync(get, language);
            Assert.Equal(("kept False", 1, 2), (Assert.Single(next.Stdout).TrimEnd(), next.ExecutionCount, next.Incarnation));

            var ended = await RunAsync(exit, language);

            Assert.Equal((ContextState.RolledBack, 0, 3), (ended.State, ended.RestoredTo, ended.Incarnation));
            Assert.Equal("kept False", Assert.Single((await RunAsync(get, language)).Stdout).TrimEnd());
        }
    }

    [Fact]
    public async Task ARestartOfAnInterpreterThatHasDied_KeepsFilesThatAreInNoCheckpoint()
    {
        await RunAsync("x = 1");
        await SavedAsync();
        using (silo.Checkpoints.HoldBack())
        {
            var sign = new Sign();
            await RunAsync($"open('note.txt', 'w').write('kept')\n{sign.GivePython()}");
            await sign.GivenAsync();
            await KillAsync(sign.ProcessId);

            await RestartAsync();

            var next = await RunAsync("print(open('note.txt').read(), 'x' in globals())");
            Assert.Equal(("kept False", ContextState.Kept, 1), (Assert.Single(next.Stdout).TrimEnd(), next.State, next.ExecutionCount));
        }
    }

    [Fact]
    public async Task ARestartThatWasWrittenDown_AndHadNoAnswer_HasBeenOne()
    {
        await RunAsync("x = 1");
        await SavedAsync();
        silo.Storage.LosesAnswers = true;
        try
        {
            Assert.Equal(LifecycleReply.Unavailable, await Context.Cast<IContextLifecycle>().Restart(CancellationToken.None));
        }
        finally
        {
            silo.Storage.LosesAnswers = false;
        }
        var next = await RunAsync("print('x' in globals())");
        Assert.Equal(("False", ContextState.RolledBack, 0, 3), (Assert.Single(next.Stdout).TrimEnd(), next.State, next.RestoredTo, next.Incarnation));
    }

    private async Task RestartAsync() =>
        Assert.Equal(LifecycleReply.Done, await Context.Cast<IContextLifecycle>().Restart(CancellationToken.None));
}

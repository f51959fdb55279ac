using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Serialization;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Journal;

namespace Sandbox.Cluster.Tests.Grains.Journal;

public sealed class ExecutionJournalTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly ExecutionJournal _journal;

    public ExecutionJournalTests() => _journal = New();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void WhatWasWritten_IsReadByAnother()
    {
        Add("a", key: "k", Result(["out"], ["err"], new OutputItem(true, "{}"u8.ToArray()), ExecutionError.Of(ErrorKind.TimedOut, "late", "trace")));
        Add("b");
        var other = New();
        other.Read(_journal.Write());

        var entry = other.FindKey("k")!;
        Assert.Equal("a", entry.ExecutionId);
        Assert.Equal([1], entry.Key!.Fingerprint);
        Assert.Equal(["out"], entry.Result.Stdout);
        Assert.Equal(["err"], entry.Result.Stderr);
        Assert.Equal(("late", "trace"), (entry.Result.Error?.Value, entry.Result.Error?.Traceback));
        Assert.Equal("{}"u8.ToArray(), Assert.Single(entry.Result.Items).Data);
        Assert.NotNull(other.Find("b"));
        Assert.False(other.HasNotRun("b", Minute));
        Assert.True(other.HasNotRun("c", Minute));
        Assert.Equal(_journal.Write(), other.Write());
    }

    [Fact]
    public void WhatCannotBeRead_IsACheckpointThatIsLost()
    {
        Add("a");
        var written = _journal.Write();
        Assert.Throws<CheckpointLostException>(() => New().Read(written[..(written.Length / 2)]));
    }

    [Fact]
    public void AnEmptyOne_TakesNoBytes()
    {
        Assert.Empty(_journal.Write());
        Add("a");
        _journal.Read([]);
        Assert.Null(_journal.Find("a"));
        Assert.True(_journal.HasNotRun("a", Minute));
    }

    [Fact]
    public void TheLast64Keys_AreKnownWhateverElseRan()
    {
        for (var i = 0; i < 65; i++)
            Add($"k{i}", key: $"k{i}");
        for (var i = 0; i < 100; i++)
            Add($"e{i}");
        Assert.Null(_journal.FindKey("k0"));
        Assert.NotNull(_journal.FindKey("k1"));
        Assert.NotNull(_journal.FindKey("k64"));
        Assert.Null(_journal.Find("e67"));
        Assert.NotNull(_journal.Find("e68"));
        // That they ran is known for longer than what they left.
        Assert.False(_journal.HasNotRun("e0", Minute));
    }

    [Fact]
    public void WhatMayHaveBeenForgotten_CountsAsRun()
    {
        Add("a");
        _time.Advance(TimeSpan.FromMinutes(5));
        for (var i = 0; i < 1024; i++)
            Add($"e{i}");
        Assert.True(_journal.HasNotRun("other", age: Minute));
        Assert.False(_journal.HasNotRun("other", age: TimeSpan.FromMinutes(5)));
        // Clocks differ.
        Assert.False(_journal.HasNotRun("other", age: TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(29)));
    }

    [Fact]
    public void AnAnswerThatIsTooLarge_IsKeptWithoutItsOutput_AndSaysSo()
    {
        Add("a", key: "k", Result([new string('x', 1_200_000)], [], null, ExecutionError.Of(ErrorKind.TimedOut, "late")));
        var result = _journal.FindKey("k")!.Result;
        Assert.Equal("[output truncated: 1200001 bytes dropped]", Assert.Single(result.Stdout));
        Assert.Equal("late", result.Error?.Value);
    }

    [Fact]
    public void ManyLargeAnswers_StayWithinTheirBytes_AndTheOldestLoseTheirOutputFirst()
    {
        for (var i = 0; i < 64; i++)
            Add($"k{i}", key: $"k{i}", Result([new string((char)('a' + (i % 26)), 200_000)], [], null, null));
        Assert.InRange(_journal.Write().Length, 3_000_000, 4_300_000);
        Assert.StartsWith("[output truncated", Assert.Single(_journal.FindKey("k0")!.Result.Stdout), StringComparison.Ordinal);
        Assert.Equal(200_000, Assert.Single(_journal.FindKey("k63")!.Result.Stdout).Length);
    }

    private ExecutionJournal New() => new(_services.GetRequiredService<Serializer<JournalPages>>(), _time);

    private void Add(string id, string? key = null, ExecutionResult? result = null) => _journal.Add(
        new ExecuteCommand(id, "", null, null, Minute, Key: key is null ? null : new IdempotencyKey(key, [1])), result ?? Result([], [], null, null));

    private static ExecutionResult Result(List<string> stdout, List<string> stderr, OutputItem? item, ExecutionError? error) =>
        new(item is null ? [] : new[] { item }, stdout, stderr, error, 1, ContextState.Kept, 1);
}

using System.Text;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Tests.Grains.Contexts;

public class ExecutionEventsTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly ExecutionEvents _events = new(TimeProvider.System);

    [Fact]
    public async Task ReadAsync_GivesWhatComesAfterAPosition_ToEachReaderTheSame()
    {
        _events.Start(1);
        Print("a\n");
        Assert.Equal(["StartEvent 1", "OutputEvent 2"], await ReadAsync(0));
        Print("b\n");
        Assert.Equal(["OutputEvent 3"], await ReadAsync(2));
        Assert.Equal(["StartEvent 1", "OutputEvent 2", "OutputEvent 3"], await ReadAsync(0));
    }

    [Fact]
    public async Task ReadAsync_WhenThereIsNothingYet_WakesWithTheFirstEvent()
    {
        var reading = _events.ReadAsync(0, Bound, CancellationToken.None);
        Assert.False(reading.IsCompleted);
        _events.Start(1);
        Assert.Single((await reading).Events);
    }

    [Fact]
    public async Task ReadAsync_WhenNothingHappensOrTheReaderLeaves_IsEmpty()
    {
        Assert.Empty((await _events.ReadAsync(0, TimeSpan.FromMilliseconds(1), CancellationToken.None)).Events);
        using var leaving = new CancellationTokenSource();
        var reading = _events.ReadAsync(0, Bound, leaving.Token);
        await leaving.CancelAsync();
        Assert.Equal((0, false), ((await reading).Events.Length, (await reading).IsLast));
    }

    [Fact]
    public async Task Print_ThatNobodyReadsYet_IsOneEvent()
    {
        Print("a");
        Print("b\n");
        Print("c", isStderr: true);
        Print("d");
        var page = await _events.ReadAsync(0, Bound, CancellationToken.None);
        Assert.Equal([(false, "ab\n"), (true, "c"), (false, "d")], page.Events.Cast<OutputEvent>().Select(output => (output.IsStderr, output.Text)));
    }

    [Fact]
    public async Task ReadAsync_GivesNoMoreThanAMessageShouldCarry_ButAlwaysSomething()
    {
        _events.Show(Item(300_000), 0);
        _events.Show(Item(300_000), 1);
        var page = await _events.ReadAsync(0, Bound, CancellationToken.None);
        Assert.Equal((1, false), (page.Events.Length, page.IsLast));
        for (var i = 2; i < 1000; i++)
            _events.Show(Item(1), i);
        Assert.Equal(256, (await _events.ReadAsync(2, Bound, CancellationToken.None)).Events.Length);
    }

    [Fact]
    public async Task Show_OfAnUpdate_SaysWhatItReplacesAndLetsGoOfWhatWasOvertaken()
    {
        _events.Show(Item(1), 0);
        for (var size = 2; size <= 1000; size++)
            _events.Show(Item(size), 0);
        var page = await _events.ReadAsync(0, Bound, CancellationToken.None);
        Assert.Equal(
            [(1L, (long?)null, 1000), (1000L, 1L, 1000)],
            page.Events.Cast<ItemEvent>().Select(shown => (shown.Sequence, shown.Replaces, shown.Item.Data.Length)));
    }

    [Fact]
    public async Task Close_EndsWithTheErrorAndTheResultWithoutItsOutput()
    {
        var error = ExecutionError.Of(ErrorKind.TimedOut, "late");
        _events.Close(new ExecutionEnded(new ExecutionResult([Item(1)], ["a"], ["b"], error, 3, ContextState.Kept, 1)));
        var page = await _events.ReadAsync(0, Bound, CancellationToken.None);
        Assert.True(page.IsLast);
        Assert.Equal(error, Assert.IsType<ErrorEvent>(page.Events[0]).Error);
        var end = Assert.IsType<EndEvent>(page.Events[1]).Result;
        Assert.Equal((0, 0, 0, 3), (end.Items.Count, end.Stdout.Count, end.Stderr.Count, end.ExecutionCount));
        Assert.True((await _events.ReadAsync(2, Bound, CancellationToken.None)).IsLast);
    }

    [Fact]
    public async Task Close_OfWhatWasRefused_SaysSo()
    {
        _events.Close(new ExecutionRefused(RefusalReason.Unavailable, Language.Python));
        var page = await _events.ReadAsync(0, Bound, CancellationToken.None);
        Assert.Equal((true, 0, RefusalReason.Unavailable), (page.IsLast, page.Events.Length, (page.Instead as ExecutionRefused)?.Reason));
    }

    /// <summary>However the output is cut: the chunks make up the lines of the plain answer, its notice too.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("abcdefghijklmnop\nq\n")]
    [InlineData("1234567\n1234567\n1234567\n1234567\n1234567\n1234567\n")]
    [InlineData("1234567\n1234567\n1234567\n1234567890\nx\ny")]
    [InlineData("1234567\n1234567\n1234567\n12345678\n\n")]
    [InlineData("é😀é😀é😀é😀\né😀é😀é😀é😀\né😀é😀é😀é😀\n")]
    public async Task Print_WithinTheLimits_MakesUpTheLinesOfTheAnswer(string text)
    {
        var output = new ExecutionOutput(new OutputLimits { LineBytes = 12, StreamBytes = 32, ItemBytes = 100 }, _events);
        foreach (var rune in text.EnumerateRunes())
            output.Stdout(rune.ToString());
        var lines = output.StdoutLines();
        _events.Close(new ExecutionRefused(RefusalReason.Unavailable, Language.Python));
        var streamed = string.Concat((await _events.ReadAsync(0, Bound, CancellationToken.None)).Events.Cast<OutputEvent>().Select(chunk => chunk.Text));
        Assert.Equal(lines, streamed.Length == 0 ? [] : (streamed.EndsWith('\n') ? streamed[..^1] : streamed).Split('\n'));
    }

    [Fact]
    public async Task Item_OverTheLimit_IsReplacedByTheNoticeInBoth()
    {
        var output = new ExecutionOutput(new OutputLimits { LineBytes = 12, StreamBytes = 32, ItemBytes = 100 }, _events);
        output.Item(new InterpreterItem(false, null, false, new byte[30]));
        output.Item(new InterpreterItem(false, null, false, new byte[300]));
        var items = output.Items();
        var page = await _events.ReadAsync(0, Bound, CancellationToken.None);
        Assert.Equal(items, page.Events.Cast<ItemEvent>().Select(shown => shown.Item));
        Assert.Equal(2, items.Count);
    }

    private async Task<IEnumerable<string>> ReadAsync(long after) =>
        (await _events.ReadAsync(after, Bound, CancellationToken.None)).Events.Select(happened => happened.ToString());

    private void Print(string text, bool isStderr = false) => _events.Print(isStderr, new StringBuilder(text));

    private static OutputItem Item(int bytes) => new(false, new byte[bytes]);
}

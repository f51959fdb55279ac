using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Tests.Grains.Contexts;

public class ExecutionQueueTests
{
    private readonly List<string> _started = [];
    private readonly Dictionary<string, TaskCompletionSource> _turns = [];
    private readonly ExecutionQueue _queue;

    public ExecutionQueueTests() => _queue = new ExecutionQueue(maxQueued: 2, execution =>
    {
        _started.Add(execution.Command.ExecutionId);
        // Continues on the caller: the whole test is one thread, as a grain is.
        return (_turns[execution.Command.ExecutionId] = new TaskCompletionSource()).Task;
    });

    [Fact]
    public void Add_RunsFirstComeFirstServedOneAtATime()
    {
        Assert.True(Add("a") && Add("b") && Add("c"));
        Assert.Equal(["a"], _started);
        _turns["a"].SetResult();
        Assert.Equal(["a", "b"], _started);
        _turns["b"].SetResult();
        Assert.Equal(["a", "b", "c"], _started);
    }

    [Fact]
    public void IsFull_WhenAsManyWaitAsMayWait()
    {
        Assert.True(Add("a") && Add("b") && Add("c"));
        Assert.False(Add("d"));
        _turns["a"].SetResult();
        Assert.True(Add("e"));
        Assert.False(Add("f"));
    }

    [Fact]
    public void TryRemove_FreesAPlace()
    {
        var waiting = New("b");
        Assert.True(Add("a"));
        _queue.Add(waiting);
        Assert.True(Add("c"));
        Assert.True(_queue.TryRemove(waiting));
        Assert.False(_queue.TryRemove(waiting));
        Assert.True(Add("d"));
        _turns["a"].SetResult();
        Assert.Equal(["a", "c"], _started);
    }

    [Fact]
    public void IsIdle_OnlyWhenNothingRunsOrWaits()
    {
        Assert.True(_queue.IsIdle);
        Assert.True(Add("a"));
        Assert.False(_queue.IsIdle);
        _turns["a"].SetResult();
        Assert.True(_queue.IsIdle);
    }

    [Fact]
    public void TakeWaiting_LeavesWhatRuns()
    {
        Assert.True(Add("a") && Add("b") && Add("c"));
        Assert.Equal(["b", "c"], _queue.TakeWaiting().Select(execution => execution.Command.ExecutionId));
        _turns["a"].SetResult();
        Assert.Equal(["a"], _started);
        Assert.True(Add("d"));
        Assert.Equal(["a", "d"], _started);
    }

    /// <summary>False when the queue was full, and then says so to whoever tries all the same.</summary>
    private bool Add(string id)
    {
        if (_queue.IsFull)
        {
            Assert.Throws<InvalidOperationException>(() => _queue.Add(New(id)));
            return false;
        }
        _queue.Add(New(id));
        return true;
    }

    private static Execution New(string id) => new(
        new ExecuteCommand(id, "", Language.Python, null, TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(5), TimeSpan.Zero, TimeProvider.System, CancellationToken.None);
}

using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Tests.Grains.Interpreters;

public class InterruptLadderTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Stop_WhenTheCodeStopsAtTheFirstAsking_GoesNoFurther()
    {
        await using var interpreter = new StubbornInterpreter(stopsAt: InterruptRung.Ask);
        var reply = await StopAsync(interpreter);
        Assert.Equal(["Ask"], interpreter.Rungs);
        Assert.Null(reply.End);
    }

    [Fact]
    public async Task Stop_WhenTheCodeIgnoresTheFirstAsking_Insists()
    {
        await using var interpreter = new StubbornInterpreter(stopsAt: InterruptRung.Insist);
        var reply = await StopAsync(interpreter);
        Assert.Equal(["Ask", "Insist"], interpreter.Rungs);
        Assert.Null(reply.End);
    }

    [Fact]
    public async Task Stop_WhenTheCodeIgnoresEverything_EndsTheInterpreter()
    {
        await using var interpreter = new StubbornInterpreter(stopsAt: null);
        var reply = await StopAsync(interpreter);
        Assert.Equal(["Ask", "Insist", "end"], interpreter.Rungs);
        Assert.Equal(InterpreterEndReason.Closed, reply.End?.Reason);
    }

    [Fact]
    public async Task Stop_GivesARungItsWholeTimeBeforeTheNext()
    {
        await using var interpreter = new StubbornInterpreter(stopsAt: null);
        var stopping = new InterruptLadder(_time, Grace).StopAsync(interpreter, "e1", interpreter.Reply);
        _time.Advance(Grace - TimeSpan.FromMilliseconds(1));
        Assert.Equal(["Ask"], interpreter.Rungs);
        Assert.False(stopping.IsCompleted);
        await AdvanceUntilAsync(stopping);
    }

    private async Task<InterpreterReply> StopAsync(StubbornInterpreter interpreter)
    {
        var stopping = new InterruptLadder(_time, Grace).StopAsync(interpreter, "e1", interpreter.Reply);
        await AdvanceUntilAsync(stopping);
        return await stopping;
    }

    /// <summary>Moves the clock until the ladder is through.</summary>
    private async Task AdvanceUntilAsync(Task task)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!task.IsCompleted)
        {
            bound.Token.ThrowIfCancellationRequested();
            _time.Advance(Grace);
            await Task.Yield();
        }
    }

    private sealed class StubbornInterpreter(InterruptRung? stopsAt) : IInterpreter
    {
        private readonly TaskCompletionSource<InterpreterReply> _reply = new();
        private readonly TaskCompletionSource<InterpreterEnd> _ended = new();

        public List<string> Rungs { get; } = [];

        public Task<InterpreterReply> Reply => _reply.Task;

        public Task<InterpreterEnd> Ended => _ended.Task;

        public Task<InterpreterReply> ExecuteAsync(InterpreterCommand command, IOutputSink output) => Reply;

        public Task<InquiryReply?> AskAsync(InquiryCommand command) => throw new NotSupportedException();

        public Task InterruptAsync(string executionId, InterruptRung rung)
        {
            Rungs.Add(rung.ToString());
            if (rung == stopsAt)
                _reply.TrySetResult(new InterpreterReply(null, null));
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            var end = new InterpreterEnd(InterpreterEndReason.Closed);
            if (_ended.TrySetResult(end))
                Rungs.Add("end");
            _reply.TrySetResult(new InterpreterReply(null, end));
            return ValueTask.CompletedTask;
        }
    }
}

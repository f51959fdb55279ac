using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Grains.Inquiries;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Tests.Grains.Inquiries;

public class InquiryRunnerTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private static readonly InquiryCommand Command = new("q1", InquiryKind.Inspect, "x", 0);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Run_WhenTheAnswerComesInTime_InterruptsNothing()
    {
        await using var interpreter = new SlowInterpreter(answersAfter: 0);
        Assert.IsType<Inspection>(await RunAsync(interpreter));
        Assert.Empty(interpreter.Calls);
    }

    [Fact]
    public async Task Run_WhenNoAnswerComes_InterruptsUntilThereIsOne()
    {
        await using var interpreter = new SlowInterpreter(answersAfter: 3);
        Assert.IsType<Inspection>(await RunAsync(interpreter));
        Assert.Equal(["q1 Ask", "q1 Insist", "q1 Insist"], interpreter.Calls);
    }

    [Fact]
    public async Task Run_WhenNoInterruptHelps_EndsTheInterpreter()
    {
        await using var interpreter = new SlowInterpreter(answersAfter: int.MaxValue);
        Assert.Null(await RunAsync(interpreter));
        Assert.Equal("end", interpreter.Calls[^1]);
        Assert.InRange(interpreter.Calls.Count, 3, 12);
    }

    [Fact]
    public async Task Run_InterruptsNobodyBeforeASecondHasPassed()
    {
        await using var interpreter = new SlowInterpreter(answersAfter: 1);
        var running = new InquiryRunner(_time).RunAsync(interpreter, Command);
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Empty(interpreter.Calls);
        await AdvanceUntilAsync(running);
    }

    private async Task<InquiryReply?> RunAsync(SlowInterpreter interpreter)
    {
        var running = new InquiryRunner(_time).RunAsync(interpreter, Command);
        await AdvanceUntilAsync(running);
        return await running;
    }

    private async Task AdvanceUntilAsync(Task task)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!task.IsCompleted)
        {
            bound.Token.ThrowIfCancellationRequested();
            _time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }
    }

    /// <summary>Answers after so many interrupts.</summary>
    private sealed class SlowInterpreter(int answersAfter) : IInterpreter
    {
        private readonly TaskCompletionSource<InquiryReply?> _answer = new();

        public List<string> Calls { get; } = [];

        public Task<InterpreterEnd> Ended { get; } = new TaskCompletionSource<InterpreterEnd>().Task;

        public Task<InterpreterReply> ExecuteAsync(InterpreterCommand command, IOutputSink output) => throw new NotSupportedException();

        public Task<InquiryReply?> AskAsync(InquiryCommand command)
        {
            AnswerIfDue();
            return _answer.Task;
        }

        public Task InterruptAsync(string executionId, InterruptRung rung)
        {
            Calls.Add($"{executionId} {rung}");
            AnswerIfDue();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            if (_answer.TrySetResult(null))
                Calls.Add("end");
            return ValueTask.CompletedTask;
        }

        private void AnswerIfDue()
        {
            if (Calls.Count >= answersAfter)
                _answer.TrySetResult(new Inspection(false, []));
        }
    }
}

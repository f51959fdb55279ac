using System.Diagnostics;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Telemetry;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Runs one execution in an interpreter: keeps its deadline, interrupts it, and gathers what it leaves.
/// </summary>
internal sealed class ExecutionRunner(
    IOptions<InterpreterOptions> interpreters, IOptions<OutputLimits> limits, ContextMetrics metrics, TimeProvider time)
{
    private readonly InterruptLadder _ladder = new(time, interpreters.Value.InterruptGrace, metrics.CountInterrupt);

    /// <summary>Never faults: whatever happens to the interpreter is part of the answer.</summary>
    public async Task<Run> RunAsync(IInterpreter interpreter, Execution execution, int count)
    {
        using var span = Traces.Start("run_code", ActivityKind.Client);
        var began = time.GetTimestamp();
        var command = execution.Command;
        var output = new ExecutionOutput(limits.Value, execution.Events);
        execution.Events.Start(count);
        var running = interpreter.ExecuteAsync(
            new InterpreterCommand(command.ExecutionId, count, command.Code, command.Environment), output);

        await using var deadline = time.CreateTimer(
            _ => execution.Interrupt(InterruptCause.DeadlinePassed), null, command.Timeout, Timeout.InfiniteTimeSpan);
        await Task.WhenAny(running, execution.Interrupted);

        // An answer that is here already is the answer, whatever came in the meantime.
        InterruptCause? cause = running.IsCompleted ? null : await execution.Interrupted;
        var reply = cause is null
            ? await running
            : await _ladder.StopAsync(interpreter, command.ExecutionId, running);

        return new Run(output.Items(), output.StdoutLines(), output.StderrLines(), reply, cause, time.GetElapsedTime(began));
    }
}

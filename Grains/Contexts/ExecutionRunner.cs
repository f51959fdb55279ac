using System.Globalization;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Runs one execution in an interpreter: keeps its deadline, interrupts it, and says in the contract's words how it ended.
/// </summary>
internal sealed class ExecutionRunner(
    IOptions<InterpreterOptions> interpreters, IOptions<OutputLimits> limits, TimeProvider time)
{
    private readonly InterruptLadder _ladder = new(time, interpreters.Value.InterruptGrace);

    /// <summary>Never faults: whatever happens to the interpreter is part of the answer.</summary>
    public async Task<Run> RunAsync(IInterpreter interpreter, Execution execution, int count)
    {
        var command = execution.Command;
        var output = new ExecutionOutput(limits.Value);
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

        return new Run(
            output.Items(),
            output.StdoutLines(),
            output.StderrLines(),
            cause is { } because ? InterruptedBy(because, reply, command.Timeout) : ErrorOf(reply),
            EndOf(reply, cause));
    }

    private static RunEnd EndOf(InterpreterReply reply, InterruptCause? cause) => reply switch
    {
        { Started: false } => RunEnd.NeverStarted,
        { End: not null } => RunEnd.InterpreterLost,
        // Nothing saves what is in an interpreter yet, so it does not outlive its silo.
        _ => cause == InterruptCause.ShuttingDown ? RunEnd.InterpreterLost : RunEnd.Done,
    };

    private static ExecutionError InterruptedBy(InterruptCause cause, InterpreterReply reply, TimeSpan timeout)
    {
        var state = reply.End switch
        {
            null when cause == InterruptCause.ShuttingDown => "The context's state is lost with its silo.",
            null => "The context's state is kept.",
            { Reason: InterpreterEndReason.Closed } => "The code did not stop, so its interpreter was ended. The context's state is lost.",
            var end => $"The interpreter is gone: {end.Describe()}. The context's state is lost.",
        };
        return cause == InterruptCause.DeadlinePassed
            ? ExecutionError.Of(
                ErrorKind.TimedOut,
                string.Create(CultureInfo.InvariantCulture, $"The code ran for more than {timeout.TotalMilliseconds:0} ms and was interrupted. {state}"),
                reply.Error?.Traceback)
            : ExecutionError.Of(
                ErrorKind.Interrupted, $"The code was interrupted: {cause.Describe()}. {state}", reply.Error?.Traceback);
    }

    private static ExecutionError? ErrorOf(InterpreterReply reply) => reply switch
    {
        { Error: { IsOutOfMemory: true } raised } => ExecutionError.Of(
            ErrorKind.MemoryLimitExceeded,
            $"The code reached the context's memory limit: {raised.Name}{(raised.Value.Length > 0 ? ": " : "")}{raised.Value}. The context's state is kept.",
            raised.Traceback),
        { End.Reason: InterpreterEndReason.MemoryLimit } => ExecutionError.Of(
            ErrorKind.MemoryLimitExceeded,
            "The code reached the context's memory limit and its interpreter was ended. The context's state is lost."),
        { Error: { } raised } => new ExecutionError(ErrorKind.Raised, raised.Name, raised.Value, raised.Traceback),
        { End: { IsOfThePlatform: true } end } => ExecutionError.Of(
            ErrorKind.InternalError,
            $"The interpreter was lost while the code ran: {end.Describe()}. It is not known how far the code got. The context's state is lost."),
        { End: { } end } => ExecutionError.Of(
            ErrorKind.InterpreterExited, $"The code ended its interpreter: {end.Describe()}. The context's state is lost."),
        _ => null,
    };
}

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
            output.Items(), output.StdoutLines(), output.StderrLines(), ErrorOf(reply, cause, command.Timeout), reply.End is not null);
    }

    private static ExecutionError? ErrorOf(InterpreterReply reply, InterruptCause? cause, TimeSpan timeout)
    {
        var state = reply.End is null
            ? "The context's state is kept."
            : "The code did not stop, so its interpreter was ended. The context's state is lost.";
        return (cause, reply) switch
        {
            (InterruptCause.DeadlinePassed, _) => ExecutionError.Of(
                ErrorKind.TimedOut,
                string.Create(CultureInfo.InvariantCulture, $"The code ran for more than {timeout.TotalMilliseconds:0} ms and was interrupted. {state}"),
                reply.Error?.Traceback),
            ({ } other, _) => ExecutionError.Of(
                ErrorKind.Interrupted, $"The code was interrupted: {Describe(other)}. {state}", reply.Error?.Traceback),
            (null, { End: { } end }) => ExecutionError.Of(
                ErrorKind.InterpreterExited, $"The code ended its interpreter: {end.Describe()}. The context's state is lost."),
            (null, { Error: { } raised }) => new ExecutionError(ErrorKind.Raised, raised.Name, raised.Value, raised.Traceback),
            _ => null,
        };
    }

    /// <summary>A clause for an error message.</summary>
    public static string Describe(InterruptCause cause) => cause switch
    {
        InterruptCause.DeadlinePassed => "its time was over",
        InterruptCause.Requested => "a client asked for it",
        InterruptCause.ClientGone => "the client that waited for it is gone",
        InterruptCause.ShuttingDown => "its silo is shutting down",
        _ => throw new ArgumentOutOfRangeException(nameof(cause), cause, null),
    };
}

/// <summary>What a run left.</summary>
/// <param name="Items">Rich output.</param>
/// <param name="Stdout">Lines of stdout.</param>
/// <param name="Stderr">Lines of stderr.</param>
/// <param name="Error">Null when the code ran to its end.</param>
/// <param name="StateIsLost">Whether the interpreter is gone.</param>
internal sealed record Run(
    IReadOnlyList<OutputItem> Items,
    IReadOnlyList<string> Stdout,
    IReadOnlyList<string> Stderr,
    ExecutionError? Error,
    bool StateIsLost);

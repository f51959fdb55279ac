using System.Globalization;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>Says in the contract's words how a run ended.</summary>
internal static class RunError
{
    /// <summary>Null when the code ran to its end.</summary>
    /// <param name="run">The run.</param>
    /// <param name="timeout">The time that it had.</param>
    /// <param name="fate">What became of the state: kept, rolled back or lost.</param>
    /// <param name="restoredTo">The execution that it was rolled back to.</param>
    public static ExecutionError? Of(Run run, TimeSpan timeout, ContextState fate, int? restoredTo)
    {
        var state = Describe(fate, restoredTo);
        return run.Cause is { } cause ? InterruptedBy(cause, run.Reply, timeout, state) : ErrorOf(run.Reply, state);
    }

    private static string Describe(ContextState fate, int? restoredTo) => fate switch
    {
        ContextState.Lost => "The context's state is lost.",
        ContextState.RolledBack when restoredTo == 0 =>
            "The context's state is that before its first execution, with the files of its last checkpoint.",
        ContextState.RolledBack => string.Create(
            CultureInfo.InvariantCulture, $"The context's state is that of its last checkpoint, after execution {restoredTo}."),
        _ => "The context's state is kept.",
    };

    private static ExecutionError InterruptedBy(InterruptCause cause, InterpreterReply reply, TimeSpan timeout, string state)
    {
        var interpreter = reply.End switch
        {
            null => "",
            { Reason: InterpreterEndReason.Closed } => "The code did not stop, so its interpreter was ended. ",
            var end => $"The interpreter is gone: {end.Describe()}. ",
        };
        return cause == InterruptCause.DeadlinePassed
            ? ExecutionError.Of(
                ErrorKind.TimedOut,
                string.Create(CultureInfo.InvariantCulture, $"The code ran for more than {timeout.TotalMilliseconds:0} ms and was interrupted. {interpreter}{state}"),
                reply.Error?.Traceback)
            : ExecutionError.Of(
                ErrorKind.Interrupted, $"The code was interrupted: {cause.Describe()}. {interpreter}{state}", reply.Error?.Traceback);
    }

    private static ExecutionError? ErrorOf(InterpreterReply reply, string state) => reply switch
    {
        { Error: { IsOutOfMemory: true } raised } => ExecutionError.Of(
            ErrorKind.MemoryLimitExceeded,
            $"The code reached the context's memory limit: {raised.Name}{(raised.Value.Length > 0 ? ": " : "")}{raised.Value}. {state}",
            raised.Traceback),
        { End.Reason: InterpreterEndReason.MemoryLimit } => ExecutionError.Of(
            ErrorKind.MemoryLimitExceeded,
            $"The code reached the context's memory limit and its interpreter was ended. {state}"),
        { Error: { } raised } => new ExecutionError(ErrorKind.Raised, raised.Name, raised.Value, raised.Traceback),
        { End: { IsOfThePlatform: true } end } => ExecutionError.Of(
            ErrorKind.InternalError,
            $"The interpreter was lost while the code ran: {end.Describe()}. It is not known how far the code got. {state}"),
        { End: { } end } => ExecutionError.Of(
            ErrorKind.InterpreterExited, $"The code ended its interpreter: {end.Describe()}. {state}"),
        _ => null,
    };
}

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>
/// Stops an execution with as little harm as it allows: asks, insists, and at last ends the interpreter. Each rung has the
/// same time to work.
/// </summary>
public sealed class InterruptLadder(TimeProvider time, TimeSpan grace)
{
    private static readonly InterruptRung[] Rungs = [InterruptRung.Ask, InterruptRung.Insist];

    /// <summary>
    /// Climbs until <paramref name="reply"/> completes. When the interpreter had to be ended the reply says so, as every
    /// interpreter's does.
    /// </summary>
    public async Task<InterpreterReply> StopAsync(IInterpreter interpreter, string executionId, Task<InterpreterReply> reply)
    {
        ArgumentNullException.ThrowIfNull(interpreter);
        ArgumentNullException.ThrowIfNull(reply);
        foreach (var rung in Rungs)
        {
            await interpreter.InterruptAsync(executionId, rung);
            await ((Task)reply).WaitAsync(grace, time)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (reply.IsCompleted)
                return await reply;
        }
        await interpreter.DisposeAsync();
        return await reply;
    }
}

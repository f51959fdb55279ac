namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>
/// Stops an execution with as little harm as it allows: asks, insists, and at last ends the interpreter. Each rung has the
/// same time to work.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="grace">The time of each rung.</param>
/// <param name="stopped">Told of the last rung that it took; null: the interpreter was ended.</param>
public sealed class InterruptLadder(TimeProvider time, TimeSpan grace, Action<InterruptRung?>? stopped = null)
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
            {
                stopped?.Invoke(rung);
                return await reply;
            }
        }
        stopped?.Invoke(null);
        await interpreter.DisposeAsync();
        return await reply;
    }
}

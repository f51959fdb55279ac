using Sandbox.Cluster.Grains.Interfaces.Inquiries;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Inquiries;

/// <summary>
/// Puts a question to an interpreter and sees to it that it ends. Who looks through an object asks it for one thing after the
/// other, each of which may be code that does not stop: so it is interrupted again and again, and at last the interpreter is
/// ended, as that of an execution would be.
/// </summary>
internal sealed class InquiryRunner(TimeProvider time)
{
    private const int Interrupts = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // Longer than a driver takes two interrupts for one.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Null when the interpreter is gone.</summary>
    public async Task<InquiryReply?> RunAsync(IInterpreter interpreter, InquiryCommand command)
    {
        var answer = interpreter.AskAsync(command);
        var rung = InterruptRung.Ask;
        for (var given = 0; !await CompletesAsync(answer, given == 0 ? Patience : Pause); given++)
        {
            if (given == Interrupts)
            {
                await interpreter.DisposeAsync();
                break;
            }
            await interpreter.InterruptAsync(command.InquiryId, rung);
            rung = InterruptRung.Insist;
        }
        return await answer;
    }

    private async Task<bool> CompletesAsync(Task answer, TimeSpan patience)
    {
        await answer.WaitAsync(patience, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return answer.IsCompleted;
    }
}

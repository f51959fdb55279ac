using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>What a run left.</summary>
/// <param name="Items">Rich output.</param>
/// <param name="Stdout">Lines of stdout.</param>
/// <param name="Stderr">Lines of stderr.</param>
/// <param name="Reply">How it ended, as the interpreter tells it.</param>
/// <param name="Cause">Why it was interrupted; null when it was not.</param>
/// <param name="Duration">From its start to its end.</param>
internal sealed record Run(
    IReadOnlyList<OutputItem> Items,
    IReadOnlyList<string> Stdout,
    IReadOnlyList<string> Stderr,
    InterpreterReply Reply,
    InterruptCause? Cause,
    TimeSpan Duration)
{
    /// <summary>What became of it and of the interpreter.</summary>
    public RunEnd End => Reply switch
    {
        { Started: false } => RunEnd.NeverStarted,
        { End: not null } => RunEnd.InterpreterLost,
        _ => RunEnd.Done,
    };
}

/// <summary>What became of a run.</summary>
internal enum RunEnd
{
    /// <summary>The code is done and the interpreter lives.</summary>
    Done,

    /// <summary>The interpreter is gone, and with it what no checkpoint holds.</summary>
    InterpreterLost,

    /// <summary>The interpreter was gone before the code could start.</summary>
    NeverStarted,
}

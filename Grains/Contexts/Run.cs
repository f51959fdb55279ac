using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>What a run left.</summary>
/// <param name="Items">Rich output.</param>
/// <param name="Stdout">Lines of stdout.</param>
/// <param name="Stderr">Lines of stderr.</param>
/// <param name="Error">Null when the code ran to its end.</param>
/// <param name="End">What became of it and of the interpreter.</param>
internal sealed record Run(
    IReadOnlyList<OutputItem> Items,
    IReadOnlyList<string> Stdout,
    IReadOnlyList<string> Stderr,
    ExecutionError? Error,
    RunEnd End);

/// <summary>What became of a run.</summary>
internal enum RunEnd
{
    /// <summary>The code is done and the interpreter lives.</summary>
    Done,

    /// <summary>The interpreter is gone or about to go, and the state with it.</summary>
    InterpreterLost,

    /// <summary>The interpreter was gone before the code could start.</summary>
    NeverStarted,
}

using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>What an execution left.</summary>
/// <param name="Items">Rich output, in order of appearance.</param>
/// <param name="Stdout">Lines of standard output, without their line ends.</param>
/// <param name="Stderr">Lines of standard error, without their line ends.</param>
/// <param name="Error">Null when the code ran to its end.</param>
/// <param name="ExecutionCount">1 for the first execution of a state, then one more; null when the code was not run.</param>
/// <param name="State">What became of the context's state; null when the context does not exist.</param>
/// <param name="Incarnation">1, and one more whenever the line of the context's state was broken.</param>
/// <param name="RestoredTo">For <see cref="ContextState.RolledBack"/>: the execution that the state is that of.</param>
[GenerateSerializer, Immutable, Alias("ExecutionResult")]
public sealed record ExecutionResult(
    [property: Id(0)] IReadOnlyList<OutputItem> Items,
    [property: Id(1)] IReadOnlyList<string> Stdout,
    [property: Id(2)] IReadOnlyList<string> Stderr,
    [property: Id(3)] ExecutionError? Error,
    [property: Id(4)] int? ExecutionCount,
    [property: Id(5)] ContextState? State,
    [property: Id(6)] int Incarnation,
    [property: Id(7)] int? RestoredTo = null)
{
    /// <summary>Without what the code left, which is a tenant's.</summary>
    public override string ToString() => $"{nameof(ExecutionResult)} {State} {Error?.Kind}";
}

/// <summary>One rich output.</summary>
/// <param name="IsPrimary">Whether it is the value of the trailing expression.</param>
/// <param name="Data">
/// A JSON object in UTF-8, MIME type to value, checked against the driver protocol: strings, base64 strings for
/// binary types, any JSON value for JSON types. It stays in bytes from the interpreter to the HTTP answer.
/// </param>
[GenerateSerializer, Immutable, Alias("OutputItem")]
public sealed record OutputItem([property: Id(0)] bool IsPrimary, [property: Id(1)] byte[] Data)
{
    /// <summary>The size alone.</summary>
    public override string ToString() => $"{nameof(OutputItem)} of {Data.Length} bytes";
}

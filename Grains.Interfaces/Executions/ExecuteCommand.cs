using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>One run of code. The Api has checked every field against the HTTP contract.</summary>
/// <param name="ExecutionId">Made by the Api, so that it can interrupt what it has not had an answer about; 1 to 64 of <c>[A-Za-z0-9_-]</c>.</param>
/// <param name="Code">Source code, at most 1 MiB of UTF-8, without lone surrogates.</param>
/// <param name="Language">Null: the context's own, or Python for a new context.</param>
/// <param name="Environment">Set for this execution only; null for none.</param>
/// <param name="Timeout">Counted from the moment the code starts.</param>
/// <param name="Delivery">How its client gets what it leaves.</param>
/// <param name="Key">What its client calls it; null for nothing.</param>
/// <param name="Age">
/// Null when it is sent for the first time. Otherwise how long ago that was: it may have run, or run now, and is run only where
/// that cannot be.
/// </param>
[GenerateSerializer, Immutable, Alias("ExecuteCommand")]
public sealed record ExecuteCommand(
    [property: Id(0)] string ExecutionId,
    [property: Id(1)] string Code,
    [property: Id(2)] Language? Language,
    [property: Id(3)] Dictionary<string, string>? Environment,
    [property: Id(4)] TimeSpan Timeout,
    [property: Id(5)] Delivery Delivery = Delivery.Answer,
    [property: Id(6)] IdempotencyKey? Key = null,
    [property: Id(7)] TimeSpan? Age = null)
{
    /// <summary>Without the code and its environment: Orleans puts commands into log lines and exceptions.</summary>
    public override string ToString() => $"{nameof(ExecuteCommand)} {ExecutionId}";
}

using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Journal;

/// <summary>An execution that ran, and its answer.</summary>
/// <param name="ExecutionId">Which.</param>
/// <param name="Key">What its client calls it; null for nothing.</param>
/// <param name="Result">What it left.</param>
/// <param name="IsShort">Whether its output was let go.</param>
[GenerateSerializer, Immutable, Alias("JournalEntry")]
internal sealed record JournalEntry(
    [property: Id(0)] string ExecutionId,
    [property: Id(1)] IdempotencyKey? Key,
    [property: Id(2)] ExecutionResult Result,
    [property: Id(3)] bool IsShort = false)
{
    /// <summary>Without the answer, which is a tenant's.</summary>
    public override string ToString() => $"{nameof(JournalEntry)} {ExecutionId}";
}

/// <summary>A journal as it travels with a checkpoint.</summary>
/// <param name="Answers">In the order in which the executions ended.</param>
/// <param name="Ids">Of the last executions, as hashes, in the same order.</param>
/// <param name="Ends">When each of these ended, in ticks of UTC.</param>
/// <param name="ForgottenUntil">When the last one ended that is not among them; 0 when all are.</param>
[GenerateSerializer, Immutable, Alias("JournalPages")]
internal sealed record JournalPages(
    [property: Id(0)] JournalEntry[] Answers,
    [property: Id(1)] ulong[] Ids,
    [property: Id(2)] long[] Ends,
    [property: Id(3)] long ForgottenUntil);

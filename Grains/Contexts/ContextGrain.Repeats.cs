using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Journal;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// Executions that are sent again: by an Api that lost sight of them, or by a client, under the same key. What ran once is
/// answered and not run.
/// </summary>
internal sealed partial class ContextGrain
{
    /// <summary>The answer to one that needs no place in the queue; null when it does.</summary>
    private Task<ExecutionReply>? FindRepeated(ExecuteCommand command, CancellationToken cancellationToken)
    {
        // Also one that was on its way for longer than its Api waited.
        if (KnowsOf(command.ExecutionId))
        {
            return command.Delivery == Delivery.Answer
                ? Follow(command.ExecutionId, cancellationToken)
                : Task.FromResult<ExecutionReply>(new ExecutionPending());
        }
        if (command.Key is not { } key)
            return null;
        if (_queue.All.FirstOrDefault(waiting => waiting.Command.Key?.Value == key.Value) is { } first)
            return Task.FromResult(InsteadOf(first.Command, key, command.Delivery));
        return _session.IsAlive && FindStored(key) is { } stored ? Task.FromResult(stored) : null;
    }

    /// <summary>
    /// The answer to one whose turn has come, and whose state is here, where the state remembers it or cannot tell; null when it
    /// may run.
    /// </summary>
    private ExecutionReply? FindStored(ExecuteCommand command)
    {
        if (command.Age is { } age)
        {
            if (_session.Journal.Find(command.ExecutionId) is { } own)
                return new ExecutionEnded(own.Result, own.ExecutionId);
            if (!_session.Journal.HasNotRun(command.ExecutionId, age) || !_session.Journal.IsBefore(_session.BrokenAt, age))
                return new ExecutionInDoubt();
        }
        return command.Key is { } key ? FindStored(key) : null;
    }

    /// <summary>The answer of an execution that the state of an awake session remembers.</summary>
    private ExecutionEnded? FindRemembered(string executionId) =>
        _session.IsAlive && _session.Journal.Find(executionId) is { } entry ? new ExecutionEnded(entry.Result, entry.ExecutionId) : null;

    private ExecutionReply? FindStored(IdempotencyKey key) => _session.Journal.FindKey(key.Value) switch
    {
        null => null,
        { Key: { } known } entry when known.IsOfSameRequest(key) => new ExecutionEnded(WholeOf(entry), entry.ExecutionId),
        _ => Refused(RefusalReason.KeyReused),
    };

    /// <summary>What was too much for the journal may still be here.</summary>
    private ExecutionResult WholeOf(JournalEntry entry) =>
        entry.IsShort && _kept.Find(entry.ExecutionId)?.Reply is { IsCompletedSuccessfully: true, Result: ExecutionEnded { Result: var whole } } ? whole : entry.Result;

    private ExecutionReply InsteadOf(ExecuteCommand first, IdempotencyKey key, Delivery delivery)
    {
        if (!first.Key!.IsOfSameRequest(key))
            return Refused(RefusalReason.KeyReused);
        return delivery == Delivery.Later ? new ExecutionPending(first.ExecutionId) : Refused(RefusalReason.KeyInUse);
    }

    private bool KnowsOf(string executionId) => _executions.ContainsKey(executionId) || _kept.Find(executionId) is not null;

    /// <summary>Remembers what ran: with the state that it left, or came after.</summary>
    private void Remember(Execution execution, ExecutionReply reply)
    {
        if (reply is ExecutionEnded { StoredOf: null, Result: { ExecutionCount: not null } result })
            _session.Journal.Add(execution.Command, result);
    }
}

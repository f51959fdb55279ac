using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>What answers beside those of executions say of the state.</summary>
internal sealed partial class ContextGrain
{
    /// <summary>What an answer says that is given now.</summary>
    private async Task<ContextNews> TellAsync(CancellationToken cancellationToken)
    {
        if (!_queue.IsIdle || !_session.HasNews)
            return Kept;
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await TellInTurnAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The same for one who has the turn. An execution that runs or waits says it itself.</summary>
    private async Task<ContextNews> TellInTurnAsync() => _queue.IsIdle ? await _session.TellAsync() : Kept;

    private ContextNews Kept => new(ContextState.Kept, _session.Incarnation);
}

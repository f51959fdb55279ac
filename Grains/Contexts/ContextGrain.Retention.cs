using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Retention;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>The end of a context that nobody uses any more.</summary>
internal sealed partial class ContextGrain : IContextRetention
{
    private readonly ContextExpiry _expiry;

    /// <summary>What runs, or is on its way, is use.</summary>
    private bool IsExpired => _session.Record is { } record && _queue.IsIdle && _inquiries == 0 && _expiry.IsOver(record, _session.LastUsedAt);

    public async Task<DateTimeOffset?> Expire(CancellationToken cancellationToken)
    {
        if (IsExpired)
            await RemoveExpiredAsync(cancellationToken);
        GoUnlessNeeded();
        return _session.Record is { } record ? _expiry.Of(record, _session.LastUsedAt) : null;
    }

    /// <summary>
    /// Whether the context is past its time, and so removed by now. Part of the call that finds it so: an activation that leaves
    /// waits for its calls, and for nothing else.
    /// </summary>
    private async Task<bool> HasExpiredAsync(CancellationToken cancellationToken)
    {
        if (!IsExpired)
            return false;
        await RemoveExpiredAsync(cancellationToken);
        return true;
    }

    private async Task RemoveExpiredAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        try
        {
            if (!IsExpired || _faulted)
                return;
            await DeleteAsync();
            LogExpired(_logger);
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
        }
        catch (Exception e)
        {
            LogNotDone(_logger, e);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Puts off the context's sleep, and its end.</summary>
    private void Use()
    {
        DelayDeactivation(IdleTimeout);
        _session.Use();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A context was not used for as long as contexts are kept, and is removed")]
    private static partial void LogExpired(ILogger logger);
}

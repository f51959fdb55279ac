using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>The context made on purpose: there and ready before any code comes.</summary>
internal sealed partial class ContextGrain : IContextCreation
{
    private Task<CreationReply>? _creation;

    public async Task<CreationReply> Create(CreateContextCommand command, CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested || _faulted)
        {
            if (IsAsleep)
                DeactivateOnIdle();
            return new CreationRefused(RefusalReason.Unavailable);
        }
        _creation ??= CreateAsync(command);
        await ((Task)_creation).WaitAsync(_options.AnswerWithin, _time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return _creation.IsCompleted ? await _creation : new CreationPending();
    }

    /// <summary>Never faults. What could not be made is taken back whole: nobody has been told its id.</summary>
    private async Task<CreationReply> CreateAsync(CreateContextCommand command)
    {
        await _turn.WaitAsync();
        try
        {
            var isNew = !_session.Exists;
            if (isNew && !await _reservation.TakeAsync())
            {
                DeactivateOnIdle();
                return new CreationRefused(RefusalReason.ContextQuota);
            }
            _language = command.Language;
            try
            {
                await _session.CreateAsync(command.Language, ContextSettings.Of(command), _stopping);
            }
            finally
            {
                if (isNew)
                    _reservation.Settle(_session.Exists);
            }
            Use();
            return new ContextCreated(Description!);
        }
        catch (OperationCanceledException)
        {
            // The silo shuts down; another one goes on from the record.
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
        }
        catch (Exception e)
        {
            LogNotCreated(_logger, e);
            await TakeBackAsync();
        }
        finally
        {
            _turn.Release();
        }
        return new CreationRefused(RefusalReason.Unavailable);
    }

    private async Task TakeBackAsync()
    {
        try
        {
            await DeleteAsync();
        }
        catch (Exception e)
        {
            LogNotDone(_logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A context could not be created")]
    private static partial void LogNotCreated(ILogger logger, Exception exception);
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Storage;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Tenants;
using Sandbox.Cluster.Grains.Retention;

namespace Sandbox.Cluster.Grains.Tenants;

/// <summary>
/// Represents a tenant: knows which contexts it has, and lets it have no more than its quota. Updates nothing but its index.
/// </summary>
[Reentrant]
internal sealed partial class TenantGrain : Grain, ITenantGrain, ITenantIndexGrain
{
    /// <summary>How long a creation or a deletion may take before its reservation is doubted: far longer than either does.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan TidyPeriod = TimeSpan.FromMinutes(1);

    private readonly string _tenant;
    private readonly ContextIndex _index;
    private readonly ContextRecords _records;
    private readonly ContextExpiry _expiry;
    private readonly RetentionSweep _sweep;
    private readonly int _quota;
    private readonly ILogger<TenantGrain> _logger;

    public TenantGrain(
        [FromKeyedServices(ContextRecord.Storage)] IGrainStorage storage,
        ContextRecords records,
        ContextExpiry expiry,
        IOptions<QuotaOptions> quotas,
        TimeProvider time,
        ILogger<TenantGrain> logger)
    {
        _tenant = this.GetPrimaryKeyString();
        _index = new ContextIndex(storage, this.GetGrainId(), time);
        _records = records;
        _expiry = expiry;
        _sweep = new RetentionSweep(_index, LookAsync, time);
        _quota = quotas.Value.ContextsOf(_tenant);
        _logger = logger;
    }

    public Task<ContextIdPage> List(string? after, int limit, CancellationToken cancellationToken) => _index.ListAsync(after, limit);

    public Task<bool> Reserve(string contextId) => TrustingAsync(async () =>
        await _index.ReserveAsync(contextId, _quota)
        // Perhaps some of those that it has do not exist.
        || (await TidyAsync() && await _index.ReserveAsync(contextId, _quota)));

    public Task Confirm(string contextId) => _index.ConfirmAsync(contextId);

    public Task Release(string contextId) => TrustingAsync(async () =>
    {
        await _index.ReleaseAsync(contextId);
        return true;
    });

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _index.OpenAsync();
        // What expires is looked for as long as the silo lives, also when its tenant does not come any more.
        this.RegisterGrainTimer(
            TickAsync, new GrainTimerCreationOptions { DueTime = TidyPeriod, Period = TidyPeriod, Interleave = true, KeepAlive = _expiry.IsOn });
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        try
        {
            await _index.FlushAsync();
        }
        catch (Exception e)
        {
            // Nothing that matters: confirmations, which the records repeat.
            LogFault(_logger, e);
        }
    }

    private Task TickAsync() => TrustingAsync(async () =>
    {
        await TidyAsync();
        if (_expiry.IsOn)
            await _sweep.PassAsync();
        return true;
    });

    /// <summary>When the context will be past its time, as its record has it; if that is over, the context itself knows better.</summary>
    private async Task<DateTimeOffset?> LookAsync(string id)
    {
        var key = new ContextKey(_tenant, id);
        if (await _records.ReadAsync(key) is not { } record)
            return null;
        return _expiry.IsOver(record)
            ? await GrainFactory.GetGrain<IContextRetention>(key.ToString()).Expire(CancellationToken.None)
            : _expiry.Of(record);
    }

    /// <summary>Looks up the contexts whose reservations are in doubt, and writes what is not written yet. Whether any was forgotten.</summary>
    private async Task<bool> TidyAsync()
    {
        var forgot = false;
        foreach (var (id, reservedAt) in _index.InDoubt(Patience))
        {
            if (await _records.ReadAsync(new ContextKey(_tenant, id)) is not null)
            {
                await _index.ConfirmAsync(id);
                continue;
            }
            await _index.ForgetAsync(id, reservedAt);
            forgot = true;
        }
        await _index.FlushAsync();
        return forgot;
    }

    /// <summary>When storage did not take what memory holds, the next activation reads it anew.</summary>
    private async Task<bool> TrustingAsync(Func<Task<bool>> change)
    {
        try
        {
            return await change();
        }
        catch (Exception e)
        {
            LogFault(_logger, e);
            DeactivateOnIdle();
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The index of a tenant's contexts could not be read or written")]
    private static partial void LogFault(ILogger logger, Exception exception);
}

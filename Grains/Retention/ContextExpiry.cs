using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Contexts;

namespace Sandbox.Cluster.Grains.Retention;

/// <summary>When the time of a context is over that nobody uses.</summary>
internal sealed class ContextExpiry(IOptions<ContextOptions> options, TimeProvider time)
{
    /// <summary>Whether contexts expire at all.</summary>
    public bool IsOn => options.Value.Retention > TimeSpan.Zero;

    /// <summary>When it will be over if nobody uses the context until then; null: never.</summary>
    /// <param name="record">What is kept of it.</param>
    /// <param name="lastUsedAt">Where that is known better than the record does.</param>
    public DateTimeOffset? Of(ContextRecord record, DateTimeOffset? lastUsedAt = null)
    {
        if (!IsOn)
            return null;
        var idle = record.Settings?.IdleTimeout ?? options.Value.IdleTimeout;
        // One that still has its interpreter is in use, in its tenant's eyes.
        var retention = options.Value.Retention > idle ? options.Value.Retention : idle;
        return (lastUsedAt ?? record.LastUsedAt ?? record.CreatedAt) + retention;
    }

    /// <summary>Whether it is over.</summary>
    public bool IsOver(ContextRecord record, DateTimeOffset? lastUsedAt = null) => Of(record, lastUsedAt) <= time.GetUtcNow();
}

using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>Reads records of contexts without activating them.</summary>
internal sealed class ContextRecords(IServiceProvider services, IGrainFactory grains)
{
    /// <summary>The state's name: part of where the record is kept.</summary>
    public const string Name = "context";

    /// <summary>The context's record; null when there is none.</summary>
    public async Task<ContextRecord?> ReadAsync(ContextKey key)
    {
        var state = new GrainState<ContextRecord>();
        await services.GetRequiredKeyedService<IGrainStorage>(ContextRecord.Storage)
            .ReadStateAsync(Name, grains.GetGrain<IContextGrain>(key.ToString()).GetGrainId(), state);
        return state.RecordExists ? state.State : null;
    }

    /// <summary>What the record alone says: the context as it is while no interpreter has it.</summary>
    public static ContextDescription Describe(ContextRecord record, string contextId, DateTimeOffset? expiresAt) => new(
        contextId,
        record.Language,
        ContextDirectories.Of(record.Settings?.Directory ?? ""),
        ContextActivity.Hibernated,
        record.Incarnation,
        record.Checkpoint?.ExecutionCount ?? 0,
        record.CreatedAt,
        record.LastUsedAt ?? record.CreatedAt,
        record.Settings?.Metadata,
        expiresAt);
}

/// <summary>Folders as the code in a context sees them.</summary>
internal static class ContextDirectories
{
    /// <summary>Its home, where it starts.</summary>
    public const string Home = "/home/user";

    /// <summary>A folder below it, as code sees it.</summary>
    public static string Of(string belowHome) => belowHome.Length == 0 ? Home : $"{Home}/{belowHome}";
}

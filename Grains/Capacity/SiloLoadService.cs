using Microsoft.Extensions.Logging;
using Orleans.Services;

namespace Sandbox.Cluster.Grains.Capacity;

/// <summary>Answers other silos that ask how loaded this one is.</summary>
[Alias("siloLoad")]
internal interface ISiloLoadService : IGrainService
{
    /// <summary>The load now.</summary>
    [Alias("load"), ResponseTimeout("00:00:02")]
    Task<SiloLoad> Load();
}

/// <summary>One a silo.</summary>
internal sealed class SiloLoadService(GrainId id, Silo silo, ILoggerFactory loggers, SiloSlots slots)
    : GrainService(id, silo, loggers), ISiloLoadService
{
    public Task<SiloLoad> Load() => Task.FromResult(slots.Load);
}

/// <summary>The way to the service of a particular silo.</summary>
internal sealed class SiloLoadClient(IServiceProvider services) : Orleans.Runtime.Services.GrainServiceClient<ISiloLoadService>(services)
{
    public Task<SiloLoad> LoadOfAsync(SiloAddress silo) => GetGrainService(silo).Load();
}

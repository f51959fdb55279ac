using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sandbox.Cluster.Grains.Capacity;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Isolation;
using Sandbox.Cluster.Grains.Isolation.Egress;
using Sandbox.Cluster.Grains.Retention;
using Sandbox.Cluster.Grains.Telemetry;
using Sandbox.Cluster.Grains.Tenants;

namespace Sandbox.Cluster.Grains;

/// <summary>What the grains need of their silo.</summary>
public static class GrainServices
{
    /// <summary>
    /// Adds interpreters, their options and what the context grains share. Call it before Orleans is added: hosted services
    /// stop in reverse order, and the launchers must outlive the grains.
    /// </summary>
    public static IServiceCollection AddContextGrains(this IServiceCollection services)
    {
        services.AddOptions<InterpreterOptions>().BindConfiguration(InterpreterOptions.Section).ValidateDataAnnotations()
            .Validate(options => options.WarmMinimum <= options.WarmMaximum, $"{InterpreterOptions.Section}:WarmMinimum must not be above WarmMaximum.")
            .ValidateOnStart();
        services.AddOptions<IsolationOptions>().BindConfiguration(IsolationOptions.Section).ValidateDataAnnotations()
            .Validate(options => options.FileBytes <= options.MemoryBytes, $"{IsolationOptions.Section}:FileBytes must not be above MemoryBytes.")
            .ValidateOnStart();
        services.AddOptions<OutputLimits>().BindConfiguration(OutputLimits.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ContextOptions>().BindConfiguration(ContextOptions.Section).ValidateDataAnnotations().ValidateOnStart();

        services.AddOptions<CheckpointOptions>().BindConfiguration(CheckpointOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<FileTransferOptions>().BindConfiguration(FileTransferOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<CapacityOptions>().BindConfiguration(CapacityOptions.Section).ValidateDataAnnotations().ValidateOnStart();

        services.TryAddSingleton(TimeProvider.System);
        services.AddQuotas();
        services.AddSingleton<ContextRecords>();
        services.AddSingleton<ContextExpiry>();
        services.AddSingleton<ExecutionRunner>();
        services.AddSingleton<SiloDrain>();
        services.AddSingleton<CheckpointArchive>();
        services.AddMetrics();
        services.AddSingleton<ContextMetrics>();
        services.AddSingleton<CheckpointMetrics>();
        services.AddSingleton<PoolMetrics>();
        services.AddEgress();
        services.AddSingleton<IsolationProbe>();
        services.AddHostedService(provider => provider.GetRequiredService<IsolationProbe>());
        services.AddSingleton<LauncherPool>();
        services.AddSingleton<IInterpreterPool>(provider => provider.GetRequiredService<LauncherPool>());
        services.AddHostedService(provider => provider.GetRequiredService<LauncherPool>());
        services.AddHostedService<SiloPulse>();
        return services;
    }

    /// <summary>Adds what decides where contexts go, and what lets them leave. Its hosted services begin after Orleans and stop before it.</summary>
    public static ISiloBuilder AddContextPlacement(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton<SiloSlots>();
        silo.Services.AddSingleton<SiloLoadClient>();
        silo.Services.AddSingleton<CapacityBoard>();
        // After Orleans: it asks the members of a cluster that this silo has joined.
        silo.Services.AddHostedService(provider => provider.GetRequiredService<CapacityBoard>());
        // Stopped before the board, which has to tell where else there is room.
        silo.Services.AddHostedService(provider => provider.GetRequiredService<SiloDrain>());
        silo.Services.AddHostedService<SiloMetrics>();
        silo.AddGrainService<SiloLoadService>();
        silo.Services.AddPlacementDirector<ContextPlacement, ContextPlacementDirector>();
        return silo;
    }
}

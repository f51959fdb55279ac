using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Grains.Tenants;

/// <summary>The quotas' options, for whoever keeps one.</summary>
public static class QuotaServices
{
    /// <summary>Adds them once: an Api with a silo of its own asks for them twice.</summary>
    public static IServiceCollection AddQuotas(this IServiceCollection services)
    {
        if (services.Any(service => service.ImplementationType == typeof(QuotaOptionsValidator)))
            return services;
        services.AddOptions<QuotaOptions>().BindConfiguration(QuotaOptions.Section).ValidateOnStart();
        return services.AddSingleton<IValidateOptions<QuotaOptions>, QuotaOptionsValidator>();
    }
}

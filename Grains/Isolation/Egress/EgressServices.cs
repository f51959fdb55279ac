using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>The egress of user code.</summary>
public static class EgressServices
{
    /// <summary>Adds <see cref="EgressPolicy"/>, <see cref="EgressProxy"/> and their options, which are checked when the host starts.</summary>
    public static IServiceCollection AddEgress(this IServiceCollection services)
    {
        services.AddOptions<EgressOptions>().BindConfiguration(EgressOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EgressOptions>, EgressOptionsValidator>());

        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IEgressResolver, DnsResolver>();
        services.TryAddSingleton<IEgressDialer, SocketDialer>();
        services.TryAddSingleton<EgressMetrics>();
        services.TryAddSingleton<EgressPolicy>();
        services.TryAddSingleton<EgressProxy>();
        return services;
    }
}

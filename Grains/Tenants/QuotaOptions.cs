using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Grains.Tenants;

/// <summary>
/// What one tenant may have and do. Configuration section <c>Sandbox:Quotas</c>: silos read the number of contexts, Apis the
/// rest.
/// </summary>
public sealed class QuotaOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Quotas";

    /// <summary>Contexts of a tenant, running and hibernated together, in the whole cluster.</summary>
    [Range(1, 1_000_000)]
    public int Contexts { get; set; } = 100_000;

    /// <summary>Executions of a tenant that one Api follows at a time, waiting ones included.</summary>
    [Range(1, 1_000_000)]
    public int RunningExecutions { get; set; } = 1_000;

    /// <summary>Requests of a tenant that one Api takes in a second, on average and at once.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerSecond { get; set; } = 10_000;

    /// <summary>What is different for a tenant, by its name.</summary>
    public IDictionary<string, TenantQuotaOptions> Tenants { get; } = new Dictionary<string, TenantQuotaOptions>(StringComparer.Ordinal);

    /// <summary>The number of contexts of this tenant.</summary>
    public int ContextsOf(string tenant) => Of(tenant)?.Contexts ?? Contexts;

    /// <summary>The number of executions of this tenant.</summary>
    public int RunningExecutionsOf(string tenant) => Of(tenant)?.RunningExecutions ?? RunningExecutions;

    /// <summary>The requests per second of this tenant.</summary>
    public int RequestsPerSecondOf(string tenant) => Of(tenant)?.RequestsPerSecond ?? RequestsPerSecond;

    private TenantQuotaOptions? Of(string tenant) => Tenants.TryGetValue(tenant, out var own) ? own : null;
}

/// <summary>What is different for one tenant; what is null is as for all.</summary>
public sealed class TenantQuotaOptions
{
    /// <inheritdoc cref="QuotaOptions.Contexts"/>
    [Range(1, 1_000_000)]
    public int? Contexts { get; set; }

    /// <inheritdoc cref="QuotaOptions.RunningExecutions"/>
    [Range(1, 1_000_000)]
    public int? RunningExecutions { get; set; }

    /// <inheritdoc cref="QuotaOptions.RequestsPerSecond"/>
    [Range(1, 1_000_000)]
    public int? RequestsPerSecond { get; set; }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interfaces.Tenants;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>Checks what attributes cannot: tenants and their patterns. Names every fault, by its place in the configuration.</summary>
internal sealed class EgressOptionsValidator(IConfiguration configuration) : IValidateOptions<EgressOptions>
{
    private const string Place = $"{EgressOptions.Section}:{nameof(EgressOptions.Tenants)}";

    public ValidateOptionsResult Validate(string? name, EgressOptions options)
    {
        // What is no list binds to nothing, without a word.
        var unbound = configuration.GetSection(Place).GetChildren().Select(tenant => tenant.Key).Except(options.Tenants.Keys);
        var faults = options.Tenants
            .SelectMany(tenant => FaultsOf(tenant.Key, tenant.Value))
            .Concat(unbound.SelectMany(tenant => FaultsOf(tenant, null)))
            .ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> FaultsOf(string tenant, IList<string>? patterns)
    {
        var place = $"{Place}:{tenant}";
        if (!TenantName.IsValid(tenant))
            yield return $"{place}: {TenantName.Rule}.";
        if (patterns is null or { Count: 0 })
        {
            yield return $"{place}: names no host; give a list of them (as :0, :1), or leave the tenant out for no network.";
            yield break;
        }
        for (var index = 0; index < patterns.Count; index++)
        {
            if (HostAllowList.FaultOf(patterns[index]) is { } fault)
                yield return $"{place}:{index}: '{patterns[index]}' {fault}.";
        }
    }
}

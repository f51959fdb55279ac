using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>Checks what attributes cannot: tenants and their patterns. Names every fault, by its place in the configuration.</summary>
internal sealed partial class EgressOptionsValidator(IConfiguration configuration) : IValidateOptions<EgressOptions>
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
        if (!TenantPattern().IsMatch(tenant))
            yield return $"{place}: a tenant's name is 1 to 63 of a-z, 0-9 and '-', and does not begin with '-'.";
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

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,62}\z")]
    private static partial Regex TenantPattern();
}

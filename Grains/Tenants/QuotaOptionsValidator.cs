using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interfaces.Tenants;

namespace Sandbox.Cluster.Grains.Tenants;

/// <summary>Checks quotas, those of single tenants too. Names every fault, by its place in the configuration.</summary>
internal sealed class QuotaOptionsValidator(IConfiguration configuration) : IValidateOptions<QuotaOptions>
{
    private const string Place = $"{QuotaOptions.Section}:{nameof(QuotaOptions.Tenants)}";

    public ValidateOptionsResult Validate(string? name, QuotaOptions options)
    {
        // What is no object binds to nothing, without a word.
        var unbound = configuration.GetSection(Place).GetChildren().Where(tenant => tenant.Value is not null).Select(tenant => tenant.Key);
        List<string> faults =
        [
            .. FaultsOf(QuotaOptions.Section, options),
            .. options.Tenants.Keys.Where(tenant => !TenantName.IsValid(tenant)).Select(tenant => $"{Place}:{tenant}: {TenantName.Rule}."),
            .. options.Tenants.SelectMany(tenant => FaultsOf($"{Place}:{tenant.Key}", tenant.Value)),
            .. unbound.Select(tenant => $"{Place}:{tenant}: says nothing; set its Contexts, RunningExecutions or RequestsPerSecond."),
        ];
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> FaultsOf(string place, object quotas)
    {
        var faults = new List<ValidationResult>();
        Validator.TryValidateObject(quotas, new ValidationContext(quotas), faults, validateAllProperties: true);
        return faults.Select(fault => $"{place}: {fault.ErrorMessage}");
    }
}

using System.Globalization;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interfaces.Tenants;

namespace Sandbox.Cluster.Api.Access;

/// <summary>
/// Checks the API keys. Names every fault by its place, and never what stands there: somebody may have put the key itself
/// where its hash belongs.
/// </summary>
internal sealed class AccessOptionsValidator(IConfiguration configuration) : IValidateOptions<AccessOptions>
{
    private const int HexDigits = 64;

    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        var faults = options.ApiKeys.SelectMany(FaultsOf).ToList();
        faults.AddRange(RepeatedOf(options.ApiKeys));
        var keys = configuration.GetSection(AccessConfiguration.ApiKeys);
        // What is no list of objects binds to nothing, without a word.
        if (keys.Value is not null || keys.GetChildren().Count() != options.ApiKeys.Count)
            faults.Add($"{AccessConfiguration.ApiKeys}: holds what is no key; give each one a number, a Tenant and a Sha256 (as :0:Tenant, :0:Sha256).");
        if (options.AllowAnonymous && configuration.HasCredentials())
            faults.Add($"{AccessOptions.Section}:{nameof(AccessOptions.AllowAnonymous)}: means nothing where credentials are configured; remove it, or them.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> FaultsOf(ApiKeyOptions key, int index)
    {
        if (!TenantName.IsValid(key.Tenant))
            yield return $"{PlaceOf(index)}:{nameof(key.Tenant)}: {TenantName.Rule}.";
        if (key.Sha256 is not { Length: HexDigits } hash || !hash.All(char.IsAsciiHexDigit))
            yield return $"{PlaceOf(index)}:{nameof(key.Sha256)}: must be the {HexDigits} hexadecimal digits that `printf %s \"$KEY\" | sha256sum` prints, never the key itself.";
    }

    private static IEnumerable<string> RepeatedOf(IList<ApiKeyOptions> keys) => keys
        .Select((key, index) => (key.Sha256, Index: index))
        .Where(key => key.Sha256 is not null)
        .GroupBy(key => key.Sha256, StringComparer.OrdinalIgnoreCase)
        .Where(same => same.Count() > 1)
        .Select(same => $"{PlaceOf(same.Last().Index)}:Sha256: is the same as that of key {same.First().Index.ToString(CultureInfo.InvariantCulture)}; every key is listed once.");

    private static string PlaceOf(int index) => string.Create(CultureInfo.InvariantCulture, $"{AccessConfiguration.ApiKeys}:{index}");
}

using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Api.Access;

/// <summary>Checks what is said of tokens, once anything is.</summary>
internal sealed class JwtOptionsValidator(IConfiguration configuration) : IValidateOptions<JwtOptions>
{
    public ValidateOptionsResult Validate(string? name, JwtOptions options)
    {
        var faults = configuration.HasTokens() ? FaultsOf(options).ToList() : [];
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> FaultsOf(JwtOptions options)
    {
        if (string.IsNullOrEmpty(options.Issuer))
            yield return $"{JwtOptions.Section}:{nameof(options.Issuer)}: is missing; set it to the iss of the tokens that are taken.";
        if (string.IsNullOrEmpty(options.Audience))
            yield return $"{JwtOptions.Section}:{nameof(options.Audience)}: is missing; set it to the aud that means this service.";
        if (string.IsNullOrEmpty(options.TenantClaim))
            yield return $"{JwtOptions.Section}:{nameof(options.TenantClaim)}: is empty; set it to the claim that names the tenant, or leave it out.";
        if (string.IsNullOrEmpty(options.Authority) == string.IsNullOrEmpty(options.KeySet))
            yield return $"{JwtOptions.Section}: set either {nameof(options.Authority)} (OpenID Connect discovery) or {nameof(options.KeySet)} (a JSON Web Key Set), one of the two.";
        if (!string.IsNullOrEmpty(options.Authority) && !IsTrustworthy(options.Authority))
            yield return $"{JwtOptions.Section}:{nameof(options.Authority)}: must be an https address; http is for loopback alone.";
        if (!string.IsNullOrEmpty(options.KeySet) && !IsTrustworthy(options.KeySet) && !File.Exists(options.KeySet))
            yield return $"{JwtOptions.Section}:{nameof(options.KeySet)}: must be an https address, http for loopback alone, or the path of a file that can be read.";
    }

    /// <summary>Whoever can change the keys on their way can make tokens.</summary>
    private static bool IsTrustworthy(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
}

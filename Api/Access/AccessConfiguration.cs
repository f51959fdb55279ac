namespace Sandbox.Cluster.Api.Access;

/// <summary>What has to be known of the configuration before any of it is bound and checked.</summary>
internal static class AccessConfiguration
{
    /// <summary>Where the API keys stand.</summary>
    public const string ApiKeys = $"{AccessOptions.Section}:{nameof(AccessOptions.ApiKeys)}";

    /// <summary>
    /// Whether credentials are asked for. Anything that was written where they belong counts, also what binds to nothing: a
    /// mistake there must not open the door.
    /// </summary>
    public static bool HasCredentials(this IConfiguration configuration) => configuration.HasApiKeys() || configuration.HasTokens();

    /// <summary>Whether tokens are taken.</summary>
    public static bool HasTokens(this IConfiguration configuration) => configuration.GetSection(JwtOptions.Section).Exists();

    /// <summary>Whether only this machine is served.</summary>
    public static bool ServesLoopbackOnly(this IConfiguration configuration) =>
        !configuration.HasCredentials()
        && !configuration.GetSection(AccessOptions.Section).GetValue<bool>(nameof(AccessOptions.AllowAnonymous));

    private static bool HasApiKeys(this IConfiguration configuration) => configuration.GetSection(ApiKeys).Exists();
}

/// <summary>Which credentials are asked for.</summary>
/// <param name="Any">Any at all.</param>
/// <param name="Tokens">Tokens, instead of or beside API keys.</param>
internal sealed record CredentialKinds(bool Any, bool Tokens);

namespace Sandbox.Cluster.Api.Access;

/// <summary>Whose tokens are taken (JWT, RFC 7519). Configuration section <c>Sandbox:Access:Jwt</c>; empty: nobody's.</summary>
internal sealed class JwtOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Access:Jwt";

    /// <summary>What a token's <c>iss</c> must be.</summary>
    public string? Issuer { get; set; }

    /// <summary>What its <c>aud</c> must name.</summary>
    public string? Audience { get; set; }

    /// <summary>Where the signing keys are found by OpenID Connect discovery: the address above <c>/.well-known/openid-configuration</c>.</summary>
    public string? Authority { get; set; }

    /// <summary>Or the signing keys themselves: the address or the path of a JSON Web Key Set, read again as keys change.</summary>
    public string? KeySet { get; set; }

    /// <summary>The claim that names the tenant.</summary>
    public string TenantClaim { get; set; } = "tenant";
}

using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Tenants;

namespace Sandbox.Cluster.Api.Access;

/// <summary>
/// Finds out who calls: <c>Authorization: Bearer</c> with an API key or a token. Refuses in the contract's words. Where no
/// credentials are configured everybody is the tenant <c>default</c>, whatever the header says.
/// </summary>
internal sealed class CredentialHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    CredentialKinds asked,
    ApiKeys keys,
    IOptions<JwtOptions> jwt,
    IOptionsMonitor<JwtBearerOptions> bearer) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>The scheme's name.</summary>
    public new const string Scheme = "Credential";

    private const string Bearer = "Bearer ";

    private static readonly ClaimsPrincipal Nobody = new(new ClaimsIdentity(Scheme));

    private bool _keysMissing;
    private bool _refused;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!asked.Any)
            return Is(Tenant.Default.ToPrincipal());
        if (TokenOf(Request) is not { } token)
            return AuthenticateResult.NoResult();
        if (keys.TenantOf(token) is { } tenant)
            return Is(new Tenant(tenant).ToPrincipal());
        var result = asked.Tokens ? await CheckTokenAsync() : null;
        _refused = result is not { Succeeded: true };
        return result is { Principal: { } caller } ? Is(TenantOf(caller)) : AuthenticateResult.Fail("The credential is not known.");
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_keysMissing)
        {
            return Refusal.TryLater(
                StatusCodes.Status503ServiceUnavailable, "The keys that tokens are checked with cannot be had at the moment.", retryAfterSeconds: 5, TryLaterReason.KeysMissing)
                .ExecuteAsync(Context);
        }
        // RFC 6750, section 3: no error code where no credential was sent.
        Response.Headers.WWWAuthenticate = _refused ? "Bearer error=\"invalid_token\"" : "Bearer";
        var message = _refused
            ? "The credential is not valid."
            : "A credential is needed: send the header Authorization: Bearer, with an API key or a token.";
        return Refusal.Of(StatusCodes.Status401Unauthorized, message).ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Refusal.Of(StatusCodes.Status403Forbidden, "The token is valid, but names no tenant of this service.").ExecuteAsync(Context);

    /// <summary>Null when the keys to check it with cannot be had: that is no fault of the token's.</summary>
    private async Task<AuthenticateResult?> CheckTokenAsync()
    {
        try
        {
            // Kept in memory; waits for the first one alone.
            await bearer.Get(JwtBearerDefaults.AuthenticationScheme).ConfigurationManager!.GetConfigurationAsync(Context.RequestAborted);
        }
        catch (InvalidOperationException)
        {
            _keysMissing = true;
            return null;
        }
        return await Context.AuthenticateAsync(JwtBearerDefaults.AuthenticationScheme);
    }

    /// <summary>A token that does not name exactly one tenant is genuine, but nobody's here.</summary>
    private ClaimsPrincipal TenantOf(ClaimsPrincipal caller)
    {
        var claims = caller.FindAll(jwt.Value.TenantClaim).Take(2).ToArray();
        return claims is [{ ValueType: ClaimValueTypes.String, Value: var name }] && TenantName.IsValid(name)
            ? new Tenant(name).ToPrincipal()
            : Nobody;
    }

    private static AuthenticateResult Is(ClaimsPrincipal caller) => AuthenticateResult.Success(new AuthenticationTicket(caller, Scheme));

    private string? TokenOf(HttpRequest request)
    {
        var values = request.Headers[HeaderNames.Authorization];
        _refused = values.Count > 0;
        return values is [{ } value] && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            && value[Bearer.Length..].Trim(' ') is { Length: > 0 } token
            ? token
            : null;
    }
}

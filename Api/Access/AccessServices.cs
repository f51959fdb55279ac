using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Api.Access;

/// <summary>Puts the question of who calls before everything that does not say it may do without an answer.</summary>
internal static class AccessServices
{
    /// <summary>Adds credentials. An endpoint without <c>AllowAnonymous()</c>, and a path that is none, need one.</summary>
    public static WebApplicationBuilder AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<AccessOptions>().BindConfiguration(AccessOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidator>();
        services.AddOptions<JwtOptions>().BindConfiguration(JwtOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<JwtOptions>, JwtOptionsValidator>();
        services.AddSingleton<ApiKeys>();
        var asked = new CredentialKinds(builder.Configuration.HasCredentials(), builder.Configuration.HasTokens());
        services.AddSingleton(asked);

        var authentication = services.AddAuthentication(CredentialHandler.Scheme)
            .AddScheme<AuthenticationSchemeOptions, CredentialHandler>(CredentialHandler.Scheme, null);
        if (asked.Tokens)
        {
            authentication.AddJwtBearer();
            services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
                .Configure<IOptions<JwtOptions>>((bearer, jwt) => TokenChecks.Configure(bearer, jwt.Value));
        }
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder(CredentialHandler.Scheme).RequireAuthenticatedUser().RequireClaim(Tenant.Claim).Build());
        return builder;
    }

    /// <summary>Asks for them.</summary>
    public static IApplicationBuilder UseAccess(this IApplicationBuilder app) => app.UseAuthentication().UseAuthorization();
}

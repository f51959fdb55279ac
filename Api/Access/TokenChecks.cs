using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Sandbox.Cluster.Api.Access;

/// <summary>How a token is checked: signature, issuer, audience, time. Its tenant is another's business.</summary>
internal static class TokenChecks
{
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(10);

    // A key set is public: what anybody could sign with it is no signature.
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>Sets up the handler of ASP.NET.</summary>
    public static void Configure(JwtBearerOptions bearer, JwtOptions jwt)
    {
        bearer.MapInboundClaims = false;
        bearer.SaveToken = false;
        bearer.BackchannelTimeout = FetchTimeout;
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            // Exactly the configured one, whatever name the authority gives itself.
            IssuerValidator = (issuer, _, _) => issuer == jwt.Issuer
                ? issuer
                : throw new SecurityTokenInvalidIssuerException("The token is of another issuer."),
            ValidAudience = jwt.Audience,
            ValidAlgorithms = Algorithms,
            ClockSkew = TimeSpan.FromMinutes(1),
        };
        bearer.Events = new JwtBearerEvents { OnTokenValidated = RefuseCriticalHeaders };
        if (!string.IsNullOrEmpty(jwt.KeySet))
        {
            bearer.ConfigurationManager = new ConfigurationManager<OpenIdConnectConfiguration>(jwt.KeySet, new KeySetReader(), DocumentsOf(jwt.KeySet));
            return;
        }
        bearer.Authority = jwt.Authority;
        bearer.RequireHttpsMetadata = !IsLoopback(jwt.Authority);
    }

    /// <summary>What must be understood is refused by who does not (RFC 7515, 4.1.11), and no extension is understood here.</summary>
    private static Task RefuseCriticalHeaders(TokenValidatedContext context)
    {
        if (context.SecurityToken is JsonWebToken token && token.TryGetHeaderValue<object>("crit", out _))
            context.Fail("The token has critical headers.");
        return Task.CompletedTask;
    }

    private static IDocumentRetriever DocumentsOf(string keySet) => Uri.TryCreate(keySet, UriKind.Absolute, out var uri) && !uri.IsFile
        ? new HttpDocumentRetriever(new HttpClient { Timeout = FetchTimeout }) { RequireHttps = !IsLoopback(keySet) }
        : new FileDocumentRetriever();

    private static bool IsLoopback(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.IsLoopback;

    /// <summary>Reads a bare key set as the part of a discovery document that matters here.</summary>
    private sealed class KeySetReader : IConfigurationRetriever<OpenIdConnectConfiguration>
    {
        public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(
            string address, IDocumentRetriever retriever, CancellationToken cancel)
        {
            var keys = new JsonWebKeySet(await retriever.GetDocumentAsync(address, cancel));
            var configuration = new OpenIdConnectConfiguration { JsonWebKeySet = keys };
            foreach (var key in keys.GetSigningKeys())
                configuration.SigningKeys.Add(key);
            return configuration;
        }
    }
}

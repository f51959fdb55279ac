using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>An issuer of tokens, with a key pair of its own.</summary>
internal sealed class Tokens : IDisposable
{
    public const string Issuer = "https://issuer.example";
    public const string Audience = "sandbox";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsaSecurityKey _signing;

    public Tokens() => _signing = new ECDsaSecurityKey(_key) { KeyId = Guid.NewGuid().ToString("N") };

    /// <summary>What checks its tokens, as a JSON Web Key Set.</summary>
    public string KeySet
    {
        get
        {
            var key = _key.ExportParameters(includePrivateParameters: false);
            return $$"""
                {"keys":[{"kty":"EC","crv":"P-256","use":"sig","kid":"{{_signing.KeyId}}","x":"{{Base64UrlEncoder.Encode(key.Q.X!)}}","y":"{{Base64UrlEncoder.Encode(key.Q.Y!)}}"}]}
                """;
        }
    }

    /// <summary>A good token, unless it is told otherwise.</summary>
    /// <param name="tenant">Any value, to be refused or not; null: no such claim.</param>
    /// <param name="change">What is wrong with it.</param>
    public string Make(object? tenant, Action<SecurityTokenDescriptor>? change = null)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            Expires = DateTime.UtcNow.AddHours(1),
            Claims = tenant is null ? [] : new Dictionary<string, object> { ["tenant"] = tenant },
            SigningCredentials = new SigningCredentials(_signing, SecurityAlgorithms.EcdsaSha256),
        };
        change?.Invoke(descriptor);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    public void Dispose() => _key.Dispose();
}

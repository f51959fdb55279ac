using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Access;

/// <summary>An Api that knows API keys of two tenants and the tokens of an issuer, and listens wherever it can.</summary>
public sealed class AccessFixture : IAsyncLifetime
{
    public const string AcmeKey = "acme-1f0c56a8b1e94d4b9f6f0f2f6a1f7d10";
    public const string AcmeOtherKey = "acme-2f0c56a8b1e94d4b9f6f0f2f6a1f7d10";
    public const string GlobexKey = "globex-9a1c56a8b1e94d4b9f6f0f2f6a1f7d";

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");

    public ApiProcess Api { get; private set; } = null!;

    internal Tokens Tokens { get; } = new();

    public static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>Calls as whoever has this credential.</summary>
    public HttpClient ClientWith(string credential)
    {
        var client = new HttpClient { BaseAddress = Api.Address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        return client;
    }

    public async Task InitializeAsync()
    {
        var keySet = Path.Combine(_data.FullName, "keys.json");
        await File.WriteAllTextAsync(keySet, Tokens.KeySet);
        Api = await ApiProcess.StartAsync(
            _data.FullName,
            ("ASPNETCORE_URLS", "http://0.0.0.0:0"),
            ("Sandbox__Access__ApiKeys__0__Tenant", "acme"),
            ("Sandbox__Access__ApiKeys__0__Sha256", HashOf(AcmeKey)),
            ("Sandbox__Access__ApiKeys__1__Tenant", "globex"),
            ("Sandbox__Access__ApiKeys__1__Sha256", HashOf(GlobexKey).ToUpperInvariant()),
            ("Sandbox__Access__ApiKeys__2__Tenant", "acme"),
            ("Sandbox__Access__ApiKeys__2__Sha256", HashOf(AcmeOtherKey)),
            ("Sandbox__Access__Jwt__Issuer", Tokens.Issuer),
            ("Sandbox__Access__Jwt__Audience", Tokens.Audience),
            ("Sandbox__Access__Jwt__KeySet", keySet),
            ("Logging__LogLevel__Default", "Trace"),
            ("Logging__LogLevel__Orleans", "Trace"),
            ("Logging__LogLevel__Microsoft.AspNetCore", "Trace"));
    }

    public async Task DisposeAsync()
    {
        if (Api is not null)
            await Api.DisposeAsync();
        Tokens.Dispose();
        _data.Delete(recursive: true);
    }
}

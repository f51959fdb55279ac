using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Access;

/// <summary>Who may call, and as whom.</summary>
public sealed class CredentialTests(AccessFixture access) : IClassFixture<AccessFixture>
{
    private const string NotValid = "The credential is not valid.";
    private const string Needed = "A credential is needed: send the header Authorization: Bearer, with an API key or a token.";

    /// <summary>What is sent, what it is answered with, and the challenge.</summary>
    public static TheoryData<string[], string, string> Refused => new()
    {
        { [], Needed, "Bearer" },
        { ["Bearer"], NotValid, "Bearer error=\"invalid_token\"" },
        { ["Bearer "], NotValid, "Bearer error=\"invalid_token\"" },
        { ["Bearer wrong"], NotValid, "Bearer error=\"invalid_token\"" },
        { ["Bearer " + AccessFixture.AcmeKey + "x"], NotValid, "Bearer error=\"invalid_token\"" },
        { ["Bearer " + AccessFixture.AcmeKey[..^1]], NotValid, "Bearer error=\"invalid_token\"" },
        { ["Bearer " + AccessFixture.HashOf(AccessFixture.AcmeKey)], NotValid, "Bearer error=\"invalid_token\"" },
        { ["Basic " + AccessFixture.AcmeKey], NotValid, "Bearer error=\"invalid_token\"" },
        { [AccessFixture.AcmeKey], NotValid, "Bearer error=\"invalid_token\"" },
        { ["Bearer " + AccessFixture.AcmeKey, "Bearer " + AccessFixture.GlobexKey], NotValid, "Bearer error=\"invalid_token\"" },
        { ["Bearer a.b.c"], NotValid, "Bearer error=\"invalid_token\"" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task AnyPath_WithoutAGoodCredential_IsRefused(string[] authorization, string message, string challenge)
    {
        foreach (var (method, path) in (IEnumerable<(HttpMethod, string)>)[(HttpMethod.Post, "/execute"), (HttpMethod.Get, "/execute"), (HttpMethod.Get, "/nowhere")])
        {
            using var answer = await SendAsync(method, path, authorization);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal(challenge, Assert.Single(answer.Headers.GetValues("WWW-Authenticate")));
            Assert.Equal($$"""{"message":"{{message.Replace("\"", "\\u0022", StringComparison.Ordinal)}}"}""", await answer.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData("Bearer " + AccessFixture.AcmeKey)]
    [InlineData("Bearer " + AccessFixture.AcmeOtherKey)]
    [InlineData("bearer " + AccessFixture.AcmeKey)]
    [InlineData("BEARER   " + AccessFixture.AcmeKey)]
    [InlineData("Bearer " + AccessFixture.GlobexKey)]
    public async Task Execute_WithAnApiKey_IsServed(string authorization)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/execute", authorization);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/docs")]
    public async Task WhatIsOfNoTenant_NeedsNoCredential(string path)
    {
        using var answer = await SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task AnyHost_IsServedWhereCredentialsAreAskedFor()
    {
        using var request = Request(HttpMethod.Post, "/execute", "Bearer " + AccessFixture.AcmeKey);
        request.Headers.Host = "sandbox.example";
        using var answer = await access.Api.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Execute_OfTheSameContextIdByTwoTenants_MeetsTwoContexts()
    {
        var id = ApiFixture.NewContextId();
        using var acme = access.ClientWith(AccessFixture.AcmeKey);
        using var acmeToken = access.ClientWith(access.Tokens.Make("acme"));
        using var globex = access.ClientWith(AccessFixture.GlobexKey);
        Assert.Equal("new", (await acme.ExecuteAsync("x = 41", contextId: id)).State);
        var other = await globex.ExecuteAsync("x", contextId: id);
        Assert.Equal(("new", "NameError"), (other.State, other.ErrorName));
        Assert.Equal("42", (await acmeToken.ExecuteAsync("x + 1", contextId: id)).Text);
    }

    [Fact]
    public async Task Execute_WithATenantInTheBody_IsOfTheCredentialsTenantAllTheSame()
    {
        var id = ApiFixture.NewContextId();
        using var acme = access.ClientWith(AccessFixture.AcmeKey);
        await acme.ExecuteAsync("x = 1", contextId: id);
        using var globex = access.ClientWith(AccessFixture.GlobexKey);
        Assert.Equal("new", (await globex.PostJsonAsync($$"""{"code":"x","context_id":"{{id}}","tenant":"acme"}""")).State);
    }

    /// <summary>Changes to a good token, and what it is answered with.</summary>
    public static TheoryData<string, HttpStatusCode> TokenTable => new()
    {
        { "good", HttpStatusCode.OK },
        { "slow clock", HttpStatusCode.OK },
        { "among other audiences", HttpStatusCode.OK },
        { "other issuer", HttpStatusCode.Unauthorized },
        { "no issuer", HttpStatusCode.Unauthorized },
        { "other audience", HttpStatusCode.Unauthorized },
        { "no audience", HttpStatusCode.Unauthorized },
        { "expired", HttpStatusCode.Unauthorized },
        { "without an end", HttpStatusCode.Unauthorized },
        { "not yet valid", HttpStatusCode.Unauthorized },
        { "unsigned", HttpStatusCode.Unauthorized },
        { "other key", HttpStatusCode.Unauthorized },
        { "public key as a secret", HttpStatusCode.Unauthorized },
        { "cut", HttpStatusCode.Unauthorized },
        { "critical header", HttpStatusCode.Unauthorized },
        { "no tenant", HttpStatusCode.Forbidden },
        { "empty tenant", HttpStatusCode.Forbidden },
        { "upper case tenant", HttpStatusCode.Forbidden },
        { "tenant with a colon", HttpStatusCode.Forbidden },
        { "tenant with a line end", HttpStatusCode.Forbidden },
        { "long tenant", HttpStatusCode.Forbidden },
        { "two tenants", HttpStatusCode.Forbidden },
        { "tenant as a number", HttpStatusCode.Forbidden },
    };

    [Theory, MemberData(nameof(TokenTable))]
    public async Task Execute_WithAToken_IsServedWhenAllOfItIsGood(string token, HttpStatusCode status)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/execute", "Bearer " + Token(token));
        Assert.Equal(status, answer.StatusCode);
        if (status != HttpStatusCode.OK)
            Assert.Equal("message", Assert.Single(JsonElement.Parse(await answer.Content.ReadAsStringAsync()).EnumerateObject()).Name);
        Assert.Equal(status == HttpStatusCode.Unauthorized, answer.Headers.WwwAuthenticate.Count > 0);
    }

    [Fact]
    public async Task Log_HoldsNoKeyAndNoToken()
    {
        var token = access.Tokens.Make("acme");
        var expired = Token("expired");
        foreach (var credential in (string[])[AccessFixture.AcmeKey, "a-wrong-key-that-nobody-has", token, expired])
            using (await SendAsync(HttpMethod.Post, "/execute", "Bearer " + credential)) { }
        Assert.Contains("/execute", access.Api.Log, StringComparison.Ordinal);
        foreach (var secret in (string[])[AccessFixture.AcmeKey, "a-wrong-key-that-nobody-has", .. token.Split('.')[1..], .. expired.Split('.')[1..]])
            Assert.DoesNotContain(secret, access.Api.Log, StringComparison.Ordinal);
    }

    private static readonly string[] TwoTenants = ["acme", "globex"];
    private static readonly Dictionary<string, object> CriticalHeader = new() { ["crit"] = new List<object> { "exp" } };

    private string Token(string kind)
    {
        var tokens = access.Tokens;
        using var stranger = new Tokens();
        return kind switch
        {
            "good" => tokens.Make("acme"),
            "slow clock" => tokens.Make("acme", token => token.Expires = DateTime.UtcNow.AddSeconds(-20)),
            "among other audiences" => tokens.Make("acme", token => { token.Audience = null; token.Audiences.Add("other"); token.Audiences.Add(Tokens.Audience); }),
            "other issuer" => tokens.Make("acme", token => token.Issuer = "https://evil.example"),
            "no issuer" => tokens.Make("acme", token => token.Issuer = null),
            "other audience" => tokens.Make("acme", token => token.Audience = "other"),
            "no audience" => tokens.Make("acme", token => token.Audience = null),
            "expired" => tokens.Make("acme", token => token.Expires = DateTime.UtcNow.AddHours(-1)),
            "without an end" => tokens.Make("acme", token => token.Expires = null),
            "not yet valid" => tokens.Make("acme", token => token.NotBefore = DateTime.UtcNow.AddMinutes(30)),
            "unsigned" => tokens.Make("acme", token => token.SigningCredentials = null),
            "other key" => stranger.Make("acme"),
            "public key as a secret" => tokens.Make("acme", token => token.SigningCredentials = new SigningCredentials(
                new SymmetricSecurityKey(SHA256.HashData(Encoding.UTF8.GetBytes(tokens.KeySet))), SecurityAlgorithms.HmacSha256)),
            "cut" => tokens.Make("acme")[..^4],
            "critical header" => tokens.Make("acme", token => token.AdditionalHeaderClaims = CriticalHeader),
            "no tenant" => tokens.Make(null),
            "empty tenant" => tokens.Make(""),
            "upper case tenant" => tokens.Make("Acme"),
            "tenant with a colon" => tokens.Make("acme:x"),
            "tenant with a line end" => tokens.Make("acme\n"),
            "long tenant" => tokens.Make(new string('a', 64)),
            "two tenants" => tokens.Make(TwoTenants),
            "tenant as a number" => tokens.Make(7),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params string[] authorization)
    {
        using var request = Request(method, path, authorization);
        return await access.Api.Client.SendAsync(request);
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, params string[] authorization)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        foreach (var value in authorization)
            request.Headers.TryAddWithoutValidation("Authorization", value);
        if (method == HttpMethod.Post)
            request.Content = new StringContent("{\"code\":\"\"}", Encoding.UTF8, "application/json");
        return request;
    }
}

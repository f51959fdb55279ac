using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Access;

/// <summary>Keys that are fetched from whoever issues the tokens.</summary>
[Trait("Category", "Slow")]
public sealed class AuthorityTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");
    private readonly Tokens _tokens = new();
    private readonly Tokens _later = new();
    private volatile Tokens _served;

    public AuthorityTests() => _served = _tokens;

    public static TheoryData<string, string> Settings => new() { { "Authority", "" }, { "KeySet", "/keys" } };

    [Theory, MemberData(nameof(Settings))]
    public async Task Execute_WhileTheKeysCannotBeHad_IsToldToTryLaterAndIsServedOnceTheyAre(string setting, string path)
    {
        var address = $"http://127.0.0.1:{ServerProcess.FreePort()}";
        await using var api = await StartApiAsync(setting, address + path);
        api.Client.DefaultRequestHeaders.Authorization = new("Bearer", _tokens.Make("acme"));

        var early = await api.Client.ExecuteAsync("1");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, early.Status);
        Assert.NotNull(early.Header("Retry-After"));

        await using var authority = await ServeAsync(address);
        using var bound = new CancellationTokenSource(Bound);
        Answer answer;
        do
            answer = await api.Client.ExecuteAsync("6 * 7", cancellationToken: bound.Token);
        while (answer.Status == HttpStatusCode.ServiceUnavailable);
        Assert.Equal((HttpStatusCode.OK, "42"), (answer.Status, answer.Text));
    }

    [Theory, MemberData(nameof(Settings))]
    public async Task KeysThatChange_AreTakenWithoutARestart(string setting, string path)
    {
        var address = $"http://127.0.0.1:{ServerProcess.FreePort()}";
        await using var authority = await ServeAsync(address);
        await using var api = await StartApiAsync(setting, address + path);
        api.Client.DefaultRequestHeaders.Authorization = new("Bearer", _tokens.Make("acme"));
        Assert.Equal(HttpStatusCode.OK, (await api.Client.ExecuteAsync("1")).Status);

        _served = _later;

        api.Client.DefaultRequestHeaders.Authorization = new("Bearer", _later.Make("acme"));
        using var bound = new CancellationTokenSource(Bound);
        Answer answer;
        do
            answer = await api.Client.ExecuteAsync("6 * 7", cancellationToken: bound.Token);
        while (answer.Status == HttpStatusCode.Unauthorized);
        Assert.Equal((HttpStatusCode.OK, "42"), (answer.Status, answer.Text));
    }

    public void Dispose()
    {
        _tokens.Dispose();
        _later.Dispose();
        _data.Delete(recursive: true);
    }

    private Task<ApiProcess> StartApiAsync(string setting, string value) => ApiProcess.StartAsync(
        _data.FullName,
        ("Sandbox__Access__Jwt__Issuer", Tokens.Issuer),
        ("Sandbox__Access__Jwt__Audience", Tokens.Audience),
        ($"Sandbox__Access__Jwt__{setting}", value));

    private async Task<WebApplication> ServeAsync(string address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var app = builder.Build();
        app.Urls.Add(address);
        // It calls itself otherwise than its tokens do, and only what is configured counts.
        app.MapGet("/.well-known/openid-configuration", () => Results.Text(
            $$"""{"issuer":"https://other.example","jwks_uri":"{{address}}/keys"}""", "application/json"));
        app.MapGet("/keys", () => Results.Text(_served.KeySet, "application/json"));
        await app.StartAsync();
        return app;
    }
}

using System.Net.Http.Headers;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Limits;

/// <summary>An Api with tenants each of which has little of something, and any number that have enough.</summary>
public sealed class QuotaFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");
    private Tokens Tokens { get; } = new();
    private ApiProcess? _api;

    public HttpClient Anonymous => _api!.Client;

    /// <summary>A client of this tenant.</summary>
    public HttpClient ClientOf(string tenant)
    {
        var client = new HttpClient { BaseAddress = _api!.Address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Make(tenant));
        return client;
    }

    /// <summary>A client of a tenant that nobody else in the tests is.</summary>
    public HttpClient ClientOfNobodyElse() => ClientOf($"t{Guid.NewGuid():N}");

    public async Task InitializeAsync()
    {
        var keySet = Path.Combine(_data.FullName, "keys.json");
        await File.WriteAllTextAsync(keySet, Tokens.KeySet);
        _api = await ApiProcess.StartAsync(
            _data.FullName,
            ("Sandbox__Access__Jwt__Issuer", Tokens.Issuer),
            ("Sandbox__Access__Jwt__Audience", Tokens.Audience),
            ("Sandbox__Access__Jwt__KeySet", keySet),
            ("Sandbox__Quotas__Tenants__two-contexts__Contexts", "2"),
            ("Sandbox__Quotas__Tenants__two-at-once__Contexts", "2"),
            ("Sandbox__Quotas__Tenants__one-context__Contexts", "1"),
            ("Sandbox__Quotas__Tenants__one-created__Contexts", "1"),
            ("Sandbox__Quotas__Tenants__one-execution__RunningExecutions", "1"),
            ("Sandbox__Quotas__Tenants__one-execution-later__RunningExecutions", "1"),
            ("Sandbox__Quotas__Tenants__one-request__RequestsPerSecond", "1"));
    }

    public async Task DisposeAsync()
    {
        if (_api is not null)
            await _api.DisposeAsync();
        Tokens.Dispose();
        _data.Delete(recursive: true);
    }
}

/// <summary>The tests that share it.</summary>
[CollectionDefinition(Name)]
public sealed class QuotaCollection : ICollectionFixture<QuotaFixture>
{
    public const string Name = "Quotas";
}

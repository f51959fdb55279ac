namespace Sandbox.Cluster.Tests.Support;

/// <summary>One Api for all tests of the contract; each test has contexts of its own.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");
    private ApiProcess? _api;

    public HttpClient Client => _api!.Client;

    public ApiProcess Api => _api!;

    /// <summary>An id that no other test uses.</summary>
    public static string NewContextId() => $"test-{Guid.NewGuid():N}";

    public async Task InitializeAsync() => _api = await ApiProcess.StartAsync(_data.FullName);

    public async Task DisposeAsync()
    {
        if (_api is not null)
            await _api.DisposeAsync();
        _data.Delete(recursive: true);
    }
}

/// <summary>The tests that share an Api; they run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ApiCollection : ICollectionFixture<ApiFixture>
{
    public const string Name = "Api";
}

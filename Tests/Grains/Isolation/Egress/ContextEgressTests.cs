using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.TestingHost;
using Sandbox.Cluster.Grains;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Isolation.Egress;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>
/// What user code reaches through the walls: real interpreters and installers, and a world on loopback that stands behind public
/// addresses.
/// </summary>
[Trait("Category", "Slow")]
public sealed class ContextEgressTests(ContextEgressTests.ClusterFixture cluster) : IClassFixture<ContextEgressTests.ClusterFixture>
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Python_ReachesAnAllowedHost() =>
        Assert.Equal("'hello'", await PythonAsync("connected", Fetch(PackageWorld.Host)));

    [Fact]
    public async Task Python_OfATenantWithoutAList_ReachesNothing() =>
        Assert.Contains("Connection refused", await PythonAsync("unconnected", Fetch(PackageWorld.Host)), StringComparison.Ordinal);

    [Fact]
    public async Task Python_OnAHostThatIsNotAllowed_IsToldSo() => Assert.Contains(
        "403 Host not on this tenant's allow-list", await PythonAsync("connected", Fetch("elsewhere.example.org")), StringComparison.Ordinal);

    [Theory]
    [InlineData("socket.create_connection(('93.184.215.14', 443), timeout=5)")]
    [InlineData("socket.create_connection(('169.254.169.254', 80), timeout=5)")]
    [InlineData("socket.create_connection(('fd00:ec2::254', 80), timeout=5)")]
    public async Task Python_PastTheProxy_ReachesNothing(string connect) =>
        Assert.Contains("unreachable", await PythonAsync("connected", $"import socket\ntry:\n    value = str({connect})\nexcept OSError as error:\n    value = str(error)\nvalue"), StringComparison.Ordinal);

    [Fact]
    public async Task Pip_InstallsFromAnAllowedIndex() => Assert.Equal("42", await PythonAsync(
        "connected",
        $"""
        open('ca.pem', 'w').write({JsonSerializer.Serialize(cluster.World.Pem)})
        output = !pip install --cert ca.pem --index-url https://{PackageWorld.Host}/simple demo
        assert 'Successfully installed demo-1.0' in output, output
        import demo
        demo.ANSWER
        """));

    [Fact]
    public async Task Bun_FetchesFromAnAllowedHostAndNoOther()
    {
        var fetch = $$"""
            const fetched = async (host: string) => {
              try {
                return await (await fetch(`https://${host}/`, { tls: { ca: {{JsonSerializer.Serialize(cluster.World.Pem)}} } })).text();
              } catch (error) {
                return 'failed';
              }
            };
            [await fetched('{{PackageWorld.Host}}'), await fetched('elsewhere.example.org')].join()
            """;
        Assert.Equal("'hello,failed'", await RunAsync("connected", Language.TypeScript, fetch));
        Assert.Equal("'failed,failed'", await RunAsync("unconnected", Language.TypeScript, fetch));
    }

    [Fact]
    public async Task Bun_AddsFromAnAllowedRegistry() => Assert.Equal("42", await RunAsync(
        "connected",
        Language.TypeScript,
        $$"""
        import { execSync } from 'node:child_process';
        require('fs').writeFileSync('ca.pem', {{JsonSerializer.Serialize(cluster.World.Pem)}});
        execSync('bun add --cafile ca.pem --registry https://{{PackageWorld.Host}} demo-package', { stdio: 'pipe' });
        require('demo-package').answer
        """));

    private static string Fetch(string host) => $"""
        import ssl, urllib.request
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            value = urllib.request.urlopen('https://{host}/', context=context).read().decode()
        except OSError as error:
            value = str(error)
        value
        """;

    private Task<string> PythonAsync(string tenant, string code) => RunAsync(tenant, Language.Python, code);

    /// <summary>The text of the code's value.</summary>
    private async Task<string> RunAsync(string tenant, Language language, string code)
    {
        using var bound = new CancellationTokenSource(Bound);
        var context = cluster.Client.GetGrain<IContextGrain>(new ContextKey(tenant, $"c{Guid.NewGuid():N}").ToString());
        var reply = await context.Execute(new ExecuteCommand("e", code, language, null, Bound), bound.Token);
        while (reply is ExecutionPending)
            reply = await context.Follow("e", bound.Token);
        var result = Assert.IsType<ExecutionEnded>(reply).Result;
        Assert.True(result.Error is null, result.Error?.Traceback ?? result.Error?.Value);
        using var data = JsonDocument.Parse(Encoding.UTF8.GetString(Assert.Single(result.Items).Data));
        return data.RootElement.GetProperty("text/plain").GetString()!;
    }

    /// <summary>One silo, two tenants, and a world behind it.</summary>
    public sealed class ClusterFixture : IAsyncLifetime
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sandbox-test-");
        private InProcessTestCluster? _cluster;

        public PackageWorld World { get; } = new();

        public IClusterClient Client => _cluster!.Client;

        public async Task InitializeAsync()
        {
            await World.InitializeAsync();
            var builder = new InProcessTestClusterBuilder(1);
            builder.ConfigureSilo((_, silo) =>
            {
                silo.Services.AddSingleton<IEgressResolver>(new FakeResolver());
                silo.Services.AddSingleton<IEgressDialer>(new FakeDialer(World.EndPoint));
                silo.Services.AddContextGrains();
                silo.Services.AddSingleton<ICheckpointStore>(new WatchedCheckpoints());
                silo.AddContextPlacement();
                silo.Services.Configure<EgressOptions>(options => options.Tenants["connected"] = [PackageWorld.Host]);
                silo.Services.Configure<InterpreterOptions>(options => options.DriversDirectory = Repository.Drivers);
                silo.Services.AddGrainStorage(FileGrainStorage.Name, (_, _) => new FileGrainStorage(_folder.FullName));
            });
            _cluster = builder.Build();
            await _cluster.DeployAsync();
        }

        public async Task DisposeAsync()
        {
            if (_cluster is not null)
                await _cluster.DisposeAsync();
            await World.DisposeAsync();
            _folder.Delete(recursive: true);
        }
    }
}

using System.ComponentModel;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Grains.Capacity;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Isolation;
using Sandbox.Cluster.Grains.Isolation.Egress;
using Sandbox.Cluster.Grains.Telemetry;
using Sandbox.Cluster.Grains.Tenants;
using Sandbox.Cluster.Silo.Hosting;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Silo.Storage.Checkpoints;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests;

/// <summary>What the README shows is what the program does.</summary>
[Collection(ApiCollection.Name)]
public partial class ReadmeTests(ApiFixture api)
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    internal static readonly (string Section, object Options)[] AllOptions =
    [
        (AccessOptions.Section, new AccessOptions()),
        (JwtOptions.Section, new JwtOptions()),
        (ExecuteLimits.Section, new ExecuteLimits()),
        (QuotaOptions.Section, new QuotaOptions()),
        (ContextOptions.Section, new ContextOptions()),
        (CheckpointOptions.Section, new CheckpointOptions()),
        (CheckpointStoreOptions.Section, new CheckpointStoreOptions()),
        (AzureTablesOptions.Section, new AzureTablesOptions()),
        (CapacityOptions.Section, new CapacityOptions()),
        (SiloEndpointOptions.Section, new SiloEndpointOptions()),
        (TelemetryOptions.Section, new TelemetryOptions()),
        (OutputLimits.Section, new OutputLimits()),
        (InterpreterOptions.Section, new InterpreterOptions()),
        (IsolationOptions.Section, new IsolationOptions()),
        (EgressOptions.Section, new EgressOptions()),
        (FileTransferOptions.Section, new FileTransferOptions()),
    ];

    [Fact]
    public async Task TheRequestOfTheReadme_GetsTheAnswerOfTheReadme()
    {
        var body = RequestPattern().Match(Readme).Groups[1].Value;
        var answer = AnswerPattern().Match(Readme).Groups[1].Value;
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await api.Client.PostAsync(new Uri("/execute", UriKind.Relative), content);
        Assert.Equal(answer, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public void TheTableOfTheReadme_HasEveryOptionWithItsDefault()
    {
        var documented = RowPattern().Matches(Readme).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);
        var real = AllOptions.SelectMany(options => TypeDescriptor.GetProperties(options.Options).Cast<PropertyDescriptor>()
            .Select(property => (
                Name: $"{options.Section.Replace(":", "__", StringComparison.Ordinal)}__{property.Name}",
                Default: property.Name switch
                {
                    nameof(InterpreterOptions.DriversDirectory) => "drivers",
                    nameof(EgressOptions.Tenants) or nameof(AccessOptions.ApiKeys) => "",
                    _ => Convert.ToString(property.GetValue(options.Options), CultureInfo.InvariantCulture) ?? "",
                })))
            .ToDictionary(option => option.Name, option => option.Default);
        documented.Remove("Sandbox__DataDirectory");
        Assert.Equal(real.OrderBy(option => option.Key, StringComparer.Ordinal), documented.OrderBy(row => row.Key, StringComparer.Ordinal));
    }

    [GeneratedRegex(@"-d '([^']+)'")]
    private static partial Regex RequestPattern();

    [GeneratedRegex(@"```json\n(.+)\n```")]
    private static partial Regex AnswerPattern();

    [GeneratedRegex(@"^\| `(Sandbox__\w+)` \| ?`?([^`|]*?)`? ?\|", RegexOptions.Multiline)]
    private static partial Regex RowPattern();
}

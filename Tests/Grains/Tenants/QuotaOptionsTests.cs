using Microsoft.Extensions.Configuration;
using Sandbox.Cluster.Grains.Tenants;

namespace Sandbox.Cluster.Tests.Grains.Tenants;

public sealed class QuotaOptionsTests
{
    private const string Bounds = "must be between 1 and 1000000.";

    /// <summary>Settings below <c>Sandbox:Quotas</c> as <c>name=value</c>, and all the faults they make.</summary>
    public static TheoryData<string[], string[]> Table => new()
    {
        { [], [] },
        { ["Contexts=1", "RunningExecutions=1", "RequestsPerSecond=1", "Tenants:acme:Contexts=1000000"], [] },
        {
            ["Contexts=0", "RequestsPerSecond=-1"],
            [$"Sandbox:Quotas: The field Contexts {Bounds}", $"Sandbox:Quotas: The field RequestsPerSecond {Bounds}"]
        },
        { ["Tenants:acme:RunningExecutions=0"], [$"Sandbox:Quotas:Tenants:acme: The field RunningExecutions {Bounds}"] },
        { ["Tenants:Acme:Contexts=1"], ["Sandbox:Quotas:Tenants:Acme: a tenant's name is 1 to 63 of a-z, 0-9 and '-', and does not begin with '-'."] },
        { ["Tenants:acme=5"], ["Sandbox:Quotas:Tenants:acme: says nothing; set its Contexts, RunningExecutions or RequestsPerSecond."] },
    };

    [Theory, MemberData(nameof(Table))]
    public void Options_WhenTheyAreWrong_AreRefusedFaultByFault(string[] settings, string[] faults)
    {
        var configuration = ConfigurationOf(settings);
        var options = configuration.GetSection(QuotaOptions.Section).Get<QuotaOptions>() ?? new QuotaOptions();
        string[] found = [.. new QuotaOptionsValidator(configuration).Validate(null, options).Failures ?? []];
        Assert.Equal(faults, found);
    }

    [Fact]
    public void ATenant_HasItsOwnQuotaWhereOneIsSetAndEverybodysOtherwise()
    {
        var options = ConfigurationOf(["Contexts=5", "RunningExecutions=6", "Tenants:acme:Contexts=7"]).GetSection(QuotaOptions.Section).Get<QuotaOptions>()!;
        Assert.Equal((7, 6), (options.ContextsOf("acme"), options.RunningExecutionsOf("acme")));
        Assert.Equal((5, 6), (options.ContextsOf("globex"), options.RunningExecutionsOf("globex")));
    }

    private static IConfiguration ConfigurationOf(string[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2)).Select(
            parts => KeyValuePair.Create($"Sandbox:Quotas:{parts[0]}", (string?)parts[1])))
        .Build();
}

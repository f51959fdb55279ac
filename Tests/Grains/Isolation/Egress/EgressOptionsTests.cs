using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Isolation.Egress;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

public class EgressOptionsTests
{
    [Fact]
    public void For_GivesATenantItsHosts()
    {
        using var services = Services(
            ("Tenants:acme:0", "pypi.org"), ("Tenants:acme:1", "*.pythonhosted.org"), ("Tenants:other:0", "example.org"));
        var acme = services.GetRequiredService<EgressPolicy>().For("acme");
        Assert.NotNull(acme);
        Assert.True(acme.Allows("pypi.org") && acme.Allows("files.pythonhosted.org"));
        Assert.False(acme.Allows("example.org"));
    }

    [Theory]
    [InlineData("default")]
    [InlineData("ACME")]
    [InlineData("")]
    public void For_OfATenantThatIsNotConfigured_IsNoNetwork(string tenant)
    {
        using var services = Services(("Tenants:acme:0", "pypi.org"));
        Assert.Null(services.GetRequiredService<EgressPolicy>().For(tenant));
    }

    [Fact]
    public void For_WithoutConfiguration_IsNoNetwork()
    {
        using var services = Services();
        services.GetRequiredService<IStartupValidator>().Validate();
        Assert.Null(services.GetRequiredService<EgressPolicy>().For("default"));
    }

    [Fact]
    public void Start_WithFaults_IsRefusedAndNamesEveryOneOfThem()
    {
        using var services = Services(
            ("MaxConnections", "0"),
            ("HandshakeTimeout", "00:00:00"),
            ("ConnectTimeout", "1.00:00:00"),
            ("IdleTimeout", "-00:00:01"),
            ("Tenants:acme:0", "https://pypi.org"),
            ("Tenants:acme:1", "pypi.org"),
            ("Tenants:acme:2", "*"),
            ("Tenants:Other:0", "10.0.0.1"),
            ("Tenants:scalar", "pypi.org"),
            ("Tenants:empty", ""));
        var refusal = Assert.Throws<OptionsValidationException>(services.GetRequiredService<IStartupValidator>().Validate);
        Assert.Contains(refusal.Failures, failure => failure.Contains("MaxConnections", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, failure => failure.Contains("HandshakeTimeout", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, failure => failure.Contains("ConnectTimeout", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, failure => failure.Contains("IdleTimeout", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, failure => failure.StartsWith("Sandbox:Egress:Tenants:acme:0: 'https://pypi.org' has a scheme", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, failure => failure.StartsWith("Sandbox:Egress:Tenants:acme:2: '*' allows every host", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, failure => failure.StartsWith("Sandbox:Egress:Tenants:Other: a tenant's name", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, failure => failure.StartsWith("Sandbox:Egress:Tenants:Other:0: '10.0.0.1' is an address", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, failure => failure.StartsWith("Sandbox:Egress:Tenants:scalar: names no host", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, failure => failure.StartsWith("Sandbox:Egress:Tenants:empty: names no host", StringComparison.Ordinal));
        Assert.Equal(10, refusal.Failures.Count());
    }

    [Fact]
    public void Options_HoldNothingThatCouldRelaxTheRuleOfPublicAddresses() => Assert.Equal(
        ["ConnectTimeout", "HandshakeTimeout", "IdleTimeout", "MaxConnections", "Tenants"],
        typeof(EgressOptions).GetProperties().Select(property => property.Name).Order(StringComparer.Ordinal));

    private static ServiceProvider Services(params (string Key, string? Value)[] settings) => new ServiceCollection()
        .AddLogging()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Sandbox:Egress:{setting.Key}", setting.Value)))
            .Build())
        .AddEgress()
        .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
}

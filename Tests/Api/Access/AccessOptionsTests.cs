using Microsoft.Extensions.Configuration;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Access;

/// <summary>What may be configured, and what the faults are called.</summary>
public sealed class AccessOptionsTests
{
    private const string Hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    private const string OneOfTwo = "Sandbox:Access:Jwt: set either Authority (OpenID Connect discovery) or KeySet (a JSON Web Key Set), one of the two.";
    private const string NoHash = ":Sha256: must be the 64 hexadecimal digits that `printf %s \"$KEY\" | sha256sum` prints, never the key itself.";
    private const string NoTenant = ":Tenant: a tenant's name is 1 to 63 of a-z, 0-9 and '-', and does not begin with '-'.";

    /// <summary>Settings below <c>Sandbox:Access</c> as <c>name=value</c>, and all the faults they make.</summary>
    public static TheoryData<string[], string[]> Table => new()
    {
        { [], [] },
        { ["AllowAnonymous=true"], [] },
        { ["ApiKeys:0:Tenant=acme", "ApiKeys:0:Sha256=" + Hash], [] },
        { ["ApiKeys:0:Sha256=" + Hash], ["Sandbox:Access:ApiKeys:0" + NoTenant] },
        { ["ApiKeys:0:Tenant=Acme", "ApiKeys:0:Sha256=" + Hash], ["Sandbox:Access:ApiKeys:0" + NoTenant] },
        { ["ApiKeys:0:Tenant=acme"], ["Sandbox:Access:ApiKeys:0" + NoHash] },
        { ["ApiKeys:0:Tenant=acme", "ApiKeys:0:Sha256=the-key-itself"], ["Sandbox:Access:ApiKeys:0" + NoHash] },
        { ["ApiKeys:0:Tenant=", "ApiKeys:0:Sha256=" + Hash[1..]], ["Sandbox:Access:ApiKeys:0" + NoTenant, "Sandbox:Access:ApiKeys:0" + NoHash] },
        {
            ["ApiKeys:0:Tenant=acme", "ApiKeys:0:Sha256=" + Hash, "ApiKeys:1:Tenant=globex", "ApiKeys:1:Sha256=" + Hash.ToUpperInvariant()],
            ["Sandbox:Access:ApiKeys:1:Sha256: is the same as that of key 0; every key is listed once."]
        },
        {
            ["ApiKeys:acme=" + Hash],
            ["Sandbox:Access:ApiKeys: holds what is no key; give each one a number, a Tenant and a Sha256 (as :0:Tenant, :0:Sha256)."]
        },
        {
            ["ApiKeys=" + Hash],
            ["Sandbox:Access:ApiKeys: holds what is no key; give each one a number, a Tenant and a Sha256 (as :0:Tenant, :0:Sha256)."]
        },
        {
            ["AllowAnonymous=true", "ApiKeys:0:Tenant=acme", "ApiKeys:0:Sha256=" + Hash],
            ["Sandbox:Access:AllowAnonymous: means nothing where credentials are configured; remove it, or them."]
        },
        { ["Jwt:Issuer=a", "Jwt:Audience=b", "Jwt:Authority=https://a.example"], [] },
        { ["Jwt:Issuer=a", "Jwt:Audience=b", "Jwt:KeySet=https://a.example/keys"], [] },
        { ["Jwt:Issuer=a", "Jwt:Audience=b", "Jwt:KeySet=http://127.0.0.1:80/keys"], [] },
        { ["Jwt:Issuer=a", "Jwt:Audience=b"], [OneOfTwo] },
        { ["Jwt:Issuer=a", "Jwt:Audience=b", "Jwt:KeySet=https://a.example/keys", "Jwt:Authority=https://a.example"], [OneOfTwo] },
        {
            ["Jwt:Issuer=a", "Jwt:Audience=b", "Jwt:Authority=http://a.example"],
            ["Sandbox:Access:Jwt:Authority: must be an https address; http is for loopback alone."]
        },
        {
            ["Jwt:Issuer=a", "Jwt:Audience=b", "Jwt:KeySet=/nonexistent/keys.json"],
            ["Sandbox:Access:Jwt:KeySet: must be an https address, http for loopback alone, or the path of a file that can be read."]
        },
        {
            ["Jwt:TenantClaim="],
            [
                "Sandbox:Access:Jwt:Issuer: is missing; set it to the iss of the tokens that are taken.",
                "Sandbox:Access:Jwt:Audience: is missing; set it to the aud that means this service.",
                "Sandbox:Access:Jwt:TenantClaim: is empty; set it to the claim that names the tenant, or leave it out.",
                OneOfTwo,
            ]
        },
    };

    [Theory, MemberData(nameof(Table))]
    public void Options_WhenTheyAreWrong_AreRefusedFaultByFault(string[] settings, string[] faults)
    {
        var configuration = ConfigurationOf(settings);
        var access = configuration.GetSection(AccessOptions.Section).Get<AccessOptions>() ?? new AccessOptions();
        var jwt = configuration.GetSection(JwtOptions.Section).Get<JwtOptions>() ?? new JwtOptions();
        string[] found = [
            .. new AccessOptionsValidator(configuration).Validate(null, access).Failures ?? [],
            .. new JwtOptionsValidator(configuration).Validate(null, jwt).Failures ?? [],
        ];
        Assert.Equal(faults, found);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false, "AllowAnonymous=true")]
    [InlineData(false, "ApiKeys:0:Tenant=acme")]
    [InlineData(false, "Jwt:Issuer=a")]
    // What binds to nothing was meant to be a credential: the start is refused, and nothing is open in the meantime.
    [InlineData(false, "ApiKeys=x")]
    public void LoopbackOnly_IsForWhereNothingElseWasSaid(bool loopbackOnly, params string[] settings) =>
        Assert.Equal(loopbackOnly, ConfigurationOf(settings).ServesLoopbackOnly());

    [Fact]
    public async Task Start_WithManyFaults_NamesAllOfThemAndRepeatsNoKey()
    {
        var data = Directory.CreateTempSubdirectory("sandbox-test-");
        try
        {
            var (exitCode, log) = await ApiProcess.RefuseAsync(
                data.FullName,
                ("Sandbox__Access__ApiKeys__0__Tenant", "Acme"),
                ("Sandbox__Access__ApiKeys__0__Sha256", "the-key-itself"),
                ("Sandbox__Access__Jwt__Issuer", "https://a.example"));
            Assert.NotEqual(0, exitCode);
            foreach (var fault in (string[])["ApiKeys:0:Tenant", "ApiKeys:0:Sha256", "Jwt:Audience", OneOfTwo])
                Assert.Contains(fault, log, StringComparison.Ordinal);
            Assert.DoesNotContain("the-key-itself", log, StringComparison.Ordinal);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static IConfiguration ConfigurationOf(string[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2)).Select(
            parts => KeyValuePair.Create($"Sandbox:Access:{parts[0]}", (string?)parts[1])))
        .Build();
}

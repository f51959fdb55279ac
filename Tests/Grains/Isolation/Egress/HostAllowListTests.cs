using Sandbox.Cluster.Grains.Isolation.Egress;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

public class HostAllowListTests
{
    private static readonly HostAllowList Allowed = new(["pypi.org", "*.pythonhosted.org", "Registry.NPMJS.org.", "bücher.example", "*.пример.рф"]);

    [Theory]
    [InlineData("pypi.org")]
    [InlineData("PyPI.org")]
    [InlineData("pypi.org.")]
    [InlineData("files.pythonhosted.org")]
    [InlineData("a.b.c.pythonhosted.org")]
    [InlineData("FILES.PythonHosted.ORG.")]
    [InlineData("registry.npmjs.org")]
    [InlineData("bücher.example")]
    [InlineData("BÜCHER.example")]
    [InlineData("xn--bcher-kva.example")]
    [InlineData("XN--BCHER-KVA.example.")]
    [InlineData("a.пример.рф")]
    [InlineData("a.xn--e1afmkfd.xn--p1ai")]
    public void Allows_WhatAPatternNames(string host) => Assert.True(Allowed.Allows(host));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("org")]
    [InlineData("example.org")]
    [InlineData("www.pypi.org")]
    [InlineData("xpypi.org")]
    [InlineData("pypi.org.evil.example")]
    [InlineData("pypi.org..")]
    [InlineData(".pypi.org")]
    [InlineData("pypi..org")]
    [InlineData(" pypi.org")]
    [InlineData("pypi.org\n")]
    [InlineData("pypi.org\0.evil.example")]
    [InlineData("pypi.org:443")]
    [InlineData("https://pypi.org")]
    [InlineData("user@pypi.org")]
    [InlineData("pypi%2eorg")]
    [InlineData("*.pythonhosted.org")]
    [InlineData("pythonhosted.org")]
    [InlineData("xpythonhosted.org")]
    [InlineData(".pythonhosted.org")]
    [InlineData("-.pythonhosted.org")]
    [InlineData("a-.pythonhosted.org")]
    [InlineData("a_b.pythonhosted.org")]
    [InlineData("a..pythonhosted.org")]
    [InlineData("a/b.pythonhosted.org")]
    [InlineData("bucher.example")]
    [InlineData("xn--e1afmkfd.xn--p1ai")]
    [InlineData("127.0.0.1")]
    [InlineData("2130706433")]
    [InlineData("::1")]
    [InlineData("[::1]")]
    public void Allows_NothingElse(string host) => Assert.False(Allowed.Allows(host));

    [Fact]
    public void Allows_NoNameThatIsTooLong()
    {
        var label = new string('a', 63);
        Assert.True(Allowed.Allows($"{label}.{label}.{label}.pythonhosted.org"));
        Assert.False(Allowed.Allows($"a{label}.pythonhosted.org"));
        Assert.False(Allowed.Allows($"{label}.{label}.{label}.{label}.pythonhosted.org"));
    }

    [Theory]
    [InlineData("pypi.org")]
    [InlineData("PyPI.org.")]
    [InlineData("*.pythonhosted.org")]
    [InlineData("a-b.c1.example")]
    [InlineData("4chan.example")]
    [InlineData("bücher.example")]
    [InlineData("*.bücher.example")]
    public void FaultOf_AHostOrADomain_IsNull(string pattern) => Assert.Null(HostAllowList.FaultOf(pattern));

    [Theory]
    [InlineData(null, "blank")]
    [InlineData("", "blank")]
    [InlineData(" \t", "blank")]
    [InlineData("*", "every host")]
    [InlineData("*.org", "top-level")]
    [InlineData("*.org.", "top-level")]
    [InlineData("**", "'*'")]
    [InlineData("*.*.org", "'*'")]
    [InlineData("files.*.org", "'*'")]
    [InlineData("*files.pythonhosted.org", "'*'")]
    [InlineData("localhost", "full name")]
    [InlineData("https://pypi.org", "scheme")]
    [InlineData("//pypi.org", "scheme")]
    [InlineData("pypi.org/simple", "path")]
    [InlineData("pypi.org:443", "port")]
    [InlineData("*.pypi.org:443", "port")]
    [InlineData("10.0.0.1", "address")]
    [InlineData("93.184.215.14", "address")]
    [InlineData("127.1", "address")]
    [InlineData("0x7f.1", "address")]
    [InlineData("2130706433", "address")]
    [InlineData("*.0.0.1", "address")]
    [InlineData("::1", "address")]
    [InlineData("[::1]", "address")]
    [InlineData("2606:4700::1111", "address")]
    [InlineData("*.", "not the name")]
    [InlineData(".", "not the name")]
    [InlineData(".pypi.org", "not the name")]
    [InlineData("pypi..org", "not the name")]
    [InlineData(" pypi.org", "not the name")]
    [InlineData("pypi.org ", "not the name")]
    [InlineData("pypi_.org", "not the name")]
    [InlineData("-pypi.org", "not the name")]
    [InlineData("pypi.org, files.pythonhosted.org", "not the name")]
    [InlineData("user@pypi.org", "not the name")]
    public void FaultOf_AnythingElse_SaysWhatIsWrong(string? pattern, string fault)
    {
        Assert.Contains(fault, HostAllowList.FaultOf(pattern), StringComparison.Ordinal);
        Assert.ThrowsAny<FormatException>(() => new HostAllowList(["pypi.org", pattern!]));
    }
}

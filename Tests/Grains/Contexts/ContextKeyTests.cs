using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Tests.Grains.Contexts;

public class ContextKeyTests
{
    [Fact]
    public void Parse_ReadsWhatToStringWrote()
    {
        var key = new ContextKey("acme", "A.b_c-1");
        Assert.Equal("acme:A.b_c-1", key.ToString());
        Assert.Equal(key, ContextKey.Parse(key.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("acme")]
    [InlineData(":a")]
    [InlineData("acme:")]
    public void Parse_RefusesWhatIsNoKey(string key) => Assert.Throws<FormatException>(() => ContextKey.Parse(key));
}

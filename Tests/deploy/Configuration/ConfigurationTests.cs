using System.Text.RegularExpressions;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Deploy.Configuration;

/// <summary>The page of all settings is what the options classes say.</summary>
public partial class ConfigurationTests
{
    private const string Renewal = "UPDATE_CONFIGURATION";

    private static readonly string Page = Path.Combine(Repository.Root, "deploy", "docs", "configuration.md");

    [Fact]
    public void TheReference_IsTheCommittedCopy()
    {
        var committed = File.ReadAllText(Page);
        // What stands above the first section is written by hand.
        var introduction = committed[..(committed.IndexOf("\n## Sandbox\n", StringComparison.Ordinal) is >= 0 and var at ? at : committed.Length)];
        var generated = ConfigurationReference.Render(introduction);
        if (Environment.GetEnvironmentVariable(Renewal) is "1")
            File.WriteAllText(Page, committed = generated);
        Assert.True(
            committed == generated,
            $"The options classes say something else than deploy/docs/configuration.md. When that is meant, run this test with {Renewal}=1 and commit the file.");
    }

    [Fact]
    public void EverySettingThatAnyFileOfOursNames_IsThere()
    {
        var known = ConfigurationReference.Names.ToHashSet();
        string[] files = ["README.md", .. Directory.GetFiles(Path.Combine(Repository.Root, "deploy"), "*.*", SearchOption.AllDirectories)];
        var named = files.Where(file => Path.GetExtension(file) is ".md" or ".sh" or ".yaml" or ".Dockerfile")
            .SelectMany(file => NamePattern().Matches(File.ReadAllText(Path.Combine(Repository.Root, file)))).Select(name => name.Value).ToHashSet();
        Assert.NotEmpty(named);
        // Of what has keys a file names more than the setting, of a group less.
        Assert.All(named, name => Assert.Contains(
            known, one => name == one || name.StartsWith($"{one}__", StringComparison.Ordinal) || one.StartsWith($"{name}__", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"\bSandbox(?:__[A-Za-z0-9]+)+")]
    private static partial Regex NamePattern();
}

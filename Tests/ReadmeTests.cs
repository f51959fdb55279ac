using System.Text;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests;

/// <summary>What the README shows is what the program does.</summary>
[Collection(ApiCollection.Name)]
public partial class ReadmeTests(ApiFixture api)
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

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
    public void ALinkOfTheDocuments_LeadsToAFileThatIsThere()
    {
        string[] documents = ["README.md", "CHANGELOG.md", .. Directory.GetFiles(Path.Combine(Repository.Root, "deploy", "docs"), "*.md", SearchOption.AllDirectories)];
        var links = documents.Select(document => Path.Combine(Repository.Root, document)).SelectMany(document => LinkPattern().Matches(File.ReadAllText(document))
            .Select(link => Path.Combine(Path.GetDirectoryName(document)!, link.Groups[1].Value))).ToList();
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Path.Exists(link), link));
    }

    [GeneratedRegex(@"-d '([^']+)'")]
    private static partial Regex RequestPattern();

    [GeneratedRegex(@"```json\n(.+)\n```")]
    private static partial Regex AnswerPattern();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)")]
    private static partial Regex LinkPattern();
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Tests.Deploy.Kubernetes;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Deploy.Containers;

/// <summary>What the container files name is there, and what they set is read.</summary>
public partial class ContainerTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "deploy", "containers");
    private static readonly JsonObject Services = Yaml.Read(Path.Combine(Folder, "compose.yaml")).Single()["services"]!.AsObject();

    [Theory, InlineData("silo"), InlineData("api")]
    public void ADockerfile_CopiesOnlyWhatExistsAndIsNotIgnored(string name)
    {
        var sources = CopyPattern().Matches(Read(name)).SelectMany(copy => copy.Groups[1].Value.Split(' ')[..^1]).ToList();
        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(Path.Exists(Path.Combine(Repository.Root, source)), source));
        var ignored = File.ReadAllLines(Path.Combine(Repository.Root, ".dockerignore"));
        Assert.Contains("**", ignored);
        Assert.All(sources, source => Assert.Contains(ignored, line => line.StartsWith('!') && (source == line[1..] || source.StartsWith($"{line[1..]}/", StringComparison.Ordinal))));
    }

    [Theory, InlineData("silo"), InlineData("api")]
    public void ADockerfile_CopiesEveryProjectThatItsProgramIsMadeOf(string name)
    {
        var text = Read(name);
        var program = PublishPattern().Match(text).Groups[1].Value;
        var copied = CopyPattern().Matches(text).Select(copy => copy.Groups[1].Value.Split(' ')[^1]).ToHashSet();
        Assert.Empty(ProjectsOf(program).Except(copied));
    }

    [Theory, InlineData("silo"), InlineData("api")]
    public void AnImage_IsNotRoot_AndStartsAProgramThatIsBuilt(string name)
    {
        var text = Read(name);
        Assert.Contains("\nUSER 1000:1000\n", text, StringComparison.Ordinal);
        var program = PublishPattern().Match(text).Groups[1].Value;
        Assert.Contains($"\nENTRYPOINT [\"/app/Sandbox.Cluster.{program}\"]", text, StringComparison.Ordinal);
        var settings = EnvironmentPattern().Matches(text).Select(setting => setting.Groups[1].Value);
        Assert.All(settings, setting => Assert.Contains(setting, Settings.Known));
        // What the manifests say of its ports.
        var deployment = name == "silo" ? Manifests.Of("dev").Silo : Manifests.Of("dev").Api;
        Assert.Equal(
            string.Join(' ', deployment.Spec.Template.Spec.Containers.Single().Ports.Select(port => port.ContainerPort)),
            ExposePattern().Match(text).Groups[1].Value);
    }

    [Fact]
    public void TheSilosImage_AndAMachine_HaveTheSameListOfPackages()
    {
        Assert.Contains("install $(bash /tmp/debian.sh list)", Read("silo"), StringComparison.Ordinal);
        var machine = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "prerequisites.sh"));
        Assert.Contains("\"$root/deploy/debian.sh\" list", machine, StringComparison.Ordinal);
        Assert.DoesNotContain("python3-ipython", machine, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePinnedBun_IsWhereTheProgramLooksForIt() =>
        Assert.True(File.Exists(Path.Combine(Repository.Drivers, "typescript", "node_modules", "bun", "bin", "bun.exe")));

    [Fact]
    public void Compose_SetsOnlyWhatTheProgramsRead()
    {
        Assert.All(Services.SelectMany(service => service.Value!["environment"]?.AsObject() ?? []), setting => Assert.Contains(setting.Key, Settings.Known));
        var silos = Names("silo-1");
        Assert.Equal(silos, Names("silo-2"));
        // As deploy/cluster.sh does, which is tested with real processes.
        var script = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "cluster.sh"));
        var needed = SettingPattern().Matches(script).Select(setting => setting.Value).Where(name => name != "Sandbox__Interpreters__DriversDirectory").ToHashSet();
        Assert.NotEmpty(needed);
        Assert.Empty(needed.Except(silos));
        Assert.Empty(needed.Where(name => name.StartsWith("Orleans__C", StringComparison.Ordinal)).Except(Names("api")));
    }

    [Fact]
    public void Compose_NamesFilesThatExist_AndTheAddressesThatItGives()
    {
        foreach (var name in new[] { "silo-1", "silo-2" })
        {
            var silo = Services[name]!;
            Assert.Equal((string?)silo["networks"]!["cluster"]!["ipv4_address"], (string?)silo["environment"]!["Sandbox__Endpoint__Address"]);
            var profile = silo["security_opt"]!.AsArray().Select(option => (string)option!).Single(option => option.StartsWith("seccomp:", StringComparison.Ordinal));
            Assert.True(File.Exists(Path.Combine(Folder, profile["seccomp:".Length..])));
        }
        foreach (var build in Services.Select(service => service.Value!["build"]).OfType<JsonObject>())
            Assert.True(File.Exists(Path.Combine(Folder, (string)build["context"]!, (string)build["dockerfile"]!)));
    }

    [Fact]
    public void Compose_RestrictsEveryProgramOfOurs() => Assert.All(Services.Where(service => service.Key != "redis"), service =>
    {
        Assert.Equal("1000:1000", (string?)service.Value!["user"]);
        Assert.True((bool?)service.Value["read_only"]);
        Assert.Equal(["ALL"], service.Value["cap_drop"]!.AsArray().Select(capability => (string?)capability));
        Assert.Contains("no-new-privileges:true", service.Value["security_opt"]!.AsArray().Select(option => (string?)option));
        Assert.NotNull(service.Value["mem_limit"]);
    });

    private static string Read(string name) => File.ReadAllText(Path.Combine(Folder, $"{name}.Dockerfile"));

    private static HashSet<string> Names(string service) => [.. Services[service]!["environment"]!.AsObject().Select(setting => setting.Key)];

    private static HashSet<string> ProjectsOf(string project)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, project, $"{project}.csproj"));
        return [project, .. ReferencePattern().Matches(text).SelectMany(reference => ProjectsOf(reference.Groups[1].Value))];
    }

    [GeneratedRegex(@"^COPY (?!--from)(?:--\S+ )?(.+)$", RegexOptions.Multiline)]
    private static partial Regex CopyPattern();

    [GeneratedRegex(@"dotnet publish (\w+)/\1\.csproj")]
    private static partial Regex PublishPattern();

    [GeneratedRegex(@"^ENV (\w+)=", RegexOptions.Multiline)]
    private static partial Regex EnvironmentPattern();

    [GeneratedRegex(@"^EXPOSE (.+)$", RegexOptions.Multiline)]
    private static partial Regex ExposePattern();

    [GeneratedRegex(@"(Orleans|Sandbox)(__\w+)+(?==)")]
    private static partial Regex SettingPattern();

    [GeneratedRegex(@"ProjectReference Include=""\.\.\\([\w.]+)\\")]
    private static partial Regex ReferencePattern();
}

using System.Text;
using Sandbox.Cluster.Api.Files;

namespace Sandbox.Cluster.Tests.Api.Files;

public class FilePathTests
{
    [Theory]
    [InlineData("/contexts/c/files", "")]
    [InlineData("/contexts/c/files/", "")]
    [InlineData("/contexts/c/files/a", "a")]
    [InlineData("/contexts/c/files/a/b%20c?x=/../y", "a/b c")]
    [InlineData("/contexts/c/files/a%2Fb", "a/b")]
    [InlineData("/contexts/c/files//a///b/", "a/b")]
    [InlineData("/Contexts/c/FILES/...", "...")]
    [InlineData("http://host:80/contexts/c/files/a", "a")]
    [InlineData("/contexts/c/files/%C3%A9+%25", "é+%")]
    [InlineData("/contexts/c/files/http://x/y", "http:/x/y")]
    public void Read_GivesThePathThatWasMeant(string target, string expected)
    {
        Assert.Null(FilePath.Read(target, namesFile: false, out var path));
        Assert.Equal(expected, Encoding.UTF8.GetString(path));
    }

    [Fact]
    public void Read_KeepsBytesThatAreNotUtf8()
    {
        Assert.Null(FilePath.Read("/contexts/c/files/%ff%FE", namesFile: true, out var path));
        Assert.Equal([0xff, 0xfe], path);
    }

    [Theory]
    [InlineData("/contexts/c/files/..")]
    [InlineData("/contexts/c/files/a/./b")]
    [InlineData("/contexts/c/files/%2e%2E/x")]
    [InlineData("/contexts/c/files/a%2f..%2f..%2fx")]
    [InlineData("/contexts/c/files/a%00b")]
    [InlineData("/contexts/c/files/%")]
    [InlineData("/contexts/c/files/%2")]
    [InlineData("/contexts/c/files/%zz")]
    [InlineData("/contexts/c/files/% 1")]
    [InlineData("/contexts/c/%66iles/x")]
    [InlineData("/contexts/../contexts/c/files/x")]
    [InlineData("http://host")]
    [InlineData("*")]
    public void Read_RefusesWhatIsNoPath(string target) => Assert.NotNull(FilePath.Read(target, namesFile: false, out _));

    [Fact]
    public void Read_RefusesWhatNoFileSystemTakes()
    {
        Assert.Null(FilePath.Read($"/contexts/c/files/{new string('x', 255)}", namesFile: false, out _));
        Assert.NotNull(FilePath.Read($"/contexts/c/files/{new string('x', 256)}", namesFile: false, out _));
        var longest = string.Join('/', Enumerable.Repeat(new string('x', 127), 32));
        Assert.Null(FilePath.Read($"/contexts/c/files/{longest}", namesFile: false, out var path));
        Assert.Equal(4095, path.Length);
        Assert.NotNull(FilePath.Read($"/contexts/c/files/{longest}/x", namesFile: false, out _));
    }

    [Fact]
    public void Read_OfAFileToBeWritten_RefusesASlashAtItsEnd()
    {
        Assert.NotNull(FilePath.Read("/contexts/c/files/a/", namesFile: true, out _));
        Assert.NotNull(FilePath.Read("/contexts/c/files/a%2F", namesFile: true, out _));
        Assert.Null(FilePath.Read("/contexts/c/files/a/", namesFile: false, out _));
    }
}

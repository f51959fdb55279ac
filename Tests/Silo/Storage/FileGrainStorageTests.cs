using Microsoft.Extensions.Options;
using Orleans.Storage;
using Sandbox.Cluster.Silo.Hosting;
using Sandbox.Cluster.Silo.Storage;

namespace Sandbox.Cluster.Tests.Silo.Storage;

public sealed class FileGrainStorageTests : GrainStorageTests
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("records-");

    [Fact]
    public async Task ClearState_LeavesNoFile()
    {
        var state = New(1);
        await WriteAsync(state);
        await ClearAsync(state);
        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public async Task WriteState_MakesNoPathOfAKey()
    {
        await WriteAsync(New(0));
        Assert.Matches("^[0-9a-f]{64}\\.json$", Assert.Single(_folder.GetFileSystemInfos()).Name);
    }

    [Fact]
    public async Task DataDirectory_IsOneSilosAlone()
    {
        var options = Options.Create(new SiloOptions { DataDirectory = _folder.FullName });
        using var first = new DataDirectory(options);
        using var second = new DataDirectory(options);
        await first.StartAsync(CancellationToken.None);
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => second.StartAsync(CancellationToken.None));
        Assert.Contains(_folder.FullName, refusal.Message, StringComparison.Ordinal);
    }

    public override Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    private protected override Task<IGrainStorage> CreateAsync() => Task.FromResult<IGrainStorage>(new FileGrainStorage(_folder.FullName));
}

using Microsoft.Extensions.Options;
using Orleans.Storage;
using Sandbox.Cluster.Silo.Hosting;
using Sandbox.Cluster.Silo.Storage;

namespace Sandbox.Cluster.Tests.Silo.Storage;

public sealed class FileGrainStorageTests : IDisposable
{
    private static readonly GrainId Grain = GrainId.Create("context", "default:../../etc/passwd");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("records-");
    private readonly FileGrainStorage _storage;

    public FileGrainStorageTests() => _storage = new FileGrainStorage(_folder.FullName);

    [Fact]
    public async Task ReadState_OfARecordThatNeverWas_IsANewOne()
    {
        var state = await ReadAsync();
        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.Equal(0, state.State!.Number);
    }

    [Fact]
    public async Task ReadState_ReadsWhatWasWritten()
    {
        await WriteAsync(new GrainState<Counter>(new Counter { Number = 41 }));
        var read = await ReadAsync();
        Assert.True(read.RecordExists);
        Assert.Equal(41, read.State!.Number);
        read.State!.Number++;
        await WriteAsync(read);
        Assert.Equal(42, (await ReadAsync()).State!.Number);
    }

    [Fact]
    public async Task WriteState_WithAnOldETag_IsRefusedAndChangesNothing()
    {
        await WriteAsync(new GrainState<Counter>(new Counter { Number = 1 }));
        var (first, second) = (await ReadAsync(), await ReadAsync());
        first.State!.Number = 2;
        await WriteAsync(first);
        second.State!.Number = 3;
        await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync(second));
        Assert.Equal(2, (await ReadAsync()).State!.Number);
    }

    [Fact]
    public async Task WriteState_OfARecordThatSomebodyElseBegan_IsRefused()
    {
        await WriteAsync(new GrainState<Counter>(new Counter { Number = 1 }));
        await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync(new GrainState<Counter>(new Counter { Number = 2 })));
    }

    [Fact]
    public async Task WriteState_OfManyWritersAtOnce_LetsOneWin()
    {
        var writers = Enumerable.Range(1, 20).Select(async number =>
        {
            try
            {
                await WriteAsync(new GrainState<Counter>(new Counter { Number = number }));
                return number;
            }
            catch (InconsistentStateException)
            {
                return 0;
            }
        });
        var winner = Assert.Single(await Task.WhenAll(writers), number => number > 0);
        Assert.Equal(winner, (await ReadAsync()).State!.Number);
    }

    [Fact]
    public async Task ClearState_RemovesTheRecord()
    {
        var state = new GrainState<Counter>(new Counter { Number = 1 });
        await WriteAsync(state);
        await _storage.ClearStateAsync("counter", Grain, state);
        Assert.False((await ReadAsync()).RecordExists);
        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public async Task WriteState_MakesNoPathOfAKey()
    {
        await WriteAsync(new GrainState<Counter>(new Counter()));
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

    public void Dispose() => _folder.Delete(recursive: true);

    private Task WriteAsync(GrainState<Counter> state) => _storage.WriteStateAsync("counter", Grain, state);

    private async Task<GrainState<Counter>> ReadAsync()
    {
        var state = new GrainState<Counter>();
        await _storage.ReadStateAsync("counter", Grain, state);
        return state;
    }

    public sealed class Counter
    {
        public int Number { get; set; }
    }
}

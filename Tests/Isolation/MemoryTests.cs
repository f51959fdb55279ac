using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>The promise about memory: who grows step by step is told by its own language, and keeps everything.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class MemoryTests : IDisposable
{
    private const int Times = 50;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("sandbox-test-");

    [Theory]
    [InlineData("block = []\nwhile True: block.append(bytearray(1 << 20))")]
    [InlineData("block = ''\nwhile True: block += 'x' * (1 << 20)")]
    [InlineData("block = {}\nwhile True: block[len(block)] = [len(block)] * 1000")]
    public async Task Python_GrowingPastTheLimit_KeepsItsStateEveryTime(string code)
    {
        // A smaller limit takes less time, and is reached in the same way.
        await using var api = await ApiProcess.StartAsync(
            _data.FullName, ("Sandbox__Isolation__MemoryBytes", "134217728"), ("Sandbox__Isolation__FileBytes", "67108864"));
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("n = 0", "python", id);
        for (var time = 1; time <= Times; time++)
        {
            var answer = await api.Client.ExecuteAsync(code, contextId: id);
            Assert.True((answer.ErrorName, answer.State) == ("MemoryLimitExceeded", "kept"), $"{time} of {Times}: {answer}");
            var next = await api.Client.ExecuteAsync("block = None; n += 1; n", contextId: id);
            Assert.True((next.Text, next.State) == ($"{time}", "kept"), $"{time} of {Times}: {next}");
        }
    }

    public void Dispose() => _data.Delete(recursive: true);
}

using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Cluster;

/// <summary>A silo that is frozen for longer than its cluster waits, and thawed. Real processes, real Redis.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class FreezeTests
{
    private const int Stop = 19;
    private const int Continue = 18;
    private const int Kill = 9;

    [Fact]
    public async Task AFrozenSilo_RunsNoCodeOfAContextThatHasMoved_AlsoWhenItIsThawed()
    {
        await using var cluster = await ClusterProcess.StartAsync(silos: 2, apis: 1, ClusterProcess.NoneWarm);
        var client = cluster.Clients[0];
        var sign = new Sign();
        await client.ExecuteAsync("x = 1", contextId: "mine");
        // Its thread counts where the machine sees it, in the name of its process.
        await client.ExecuteAsync(
            $$"""
            import threading, time
            {{sign.GivePython()}}
            letter = 'n'
            def count():
                n = 0
                while True:
                    n += 1
                    with open('/proc/self/comm', 'w') as name:
                        name.write(f'{letter}{n}')
                    time.sleep(0.01)
            """,
            contextId: "mine");
        await sign.GivenAsync();
        var (process, silo) = (sign.ProcessId, cluster.SiloOf(sign.ProcessId));
        await client.ExecuteAsync("threading.Thread(target=count, daemon=True).start()", contextId: "mine");
        // What was quiet for so long is saved.
        await Task.Delay(TimeSpan.FromSeconds(5));
        var before = NameOf(process);
        await Eventually.UntilAsync(() => NameOf(process) != before);
        // In flight: when the silo thaws, whoever followed it has long been gone, and it is interrupted.
        var running = client.ExecuteAsync(
            """
            letter = 'r'
            while True:
                try:
                    time.sleep(0.01)
                except KeyboardInterrupt:
                    pass
            """,
            contextId: "mine");
        await Eventually.UntilAsync(() => NameOf(process)?[0] == 'r');

        ClusterProcess.Signal(silo, Stop);
        try
        {
            Answer? moved = null;
            await Eventually.UntilAsync(async () => (moved = await client.ExecuteAsync("x", contextId: "mine")).Status == HttpStatusCode.OK);
            Assert.True(moved!.Text == "1", moved.ToString());
            var halted = NameOf(process);
            Assert.NotNull(halted);
            Assert.Equal("T", StateOf(process));

            ClusterProcess.Signal(silo, Continue);
            // It learns that it is dead, and takes everything with it; until then nothing of the old context moves.
            await Eventually.UntilAsync(() => NameOf(process) is not { } now || (now == halted ? false : throw new InvalidOperationException("It went on.")));
            await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{silo}"));
            var after = await client.ExecuteAsync("x", contextId: "mine");
            Assert.Equal(("1", "kept"), (after.Text, after.State));
            Assert.NotEqual(HttpStatusCode.OK, (await running).Status);
        }
        finally
        {
            if (Directory.Exists($"/proc/{silo}"))
            {
                ClusterProcess.Signal(silo, Continue);
                ClusterProcess.Signal(silo, Kill);
            }
        }
    }

    private static string? NameOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm");
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string StateOf(int process) =>
        File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("State:", StringComparison.Ordinal)).Split('\t')[1][..1];
}

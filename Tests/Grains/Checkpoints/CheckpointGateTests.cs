using Sandbox.Cluster.Grains.Checkpoints;

namespace Sandbox.Cluster.Tests.Grains.Checkpoints;

public class CheckpointGateTests
{
    private static readonly long[] Sizes = [30, 10, 20];

    [Fact]
    public async Task OfThoseThatWait_TheSmallestIsNext()
    {
        var gate = new CheckpointGate(places: 2);
        var first = await gate.EnterAsync(100, CancellationToken.None);
        var second = await gate.EnterAsync(100, CancellationToken.None);
        var order = new List<long>();
        var waiting = Sizes.Select(EnterAndLeaveAsync).ToArray();
        Assert.DoesNotContain(waiting, one => one.IsCompleted);

        first.Dispose();
        // Twice is once: there is still one who holds a place.
        first.Dispose();
        await Task.WhenAll(waiting);

        Assert.Equal(Sizes.Order(), order);
        second.Dispose();
        using var third = await gate.EnterAsync(0, CancellationToken.None);
        using var fourth = await gate.EnterAsync(0, CancellationToken.None);
        Assert.False(gate.EnterAsync(0, CancellationToken.None).IsCompleted);

        async Task EnterAndLeaveAsync(long bytes)
        {
            using var place = await gate.EnterAsync(bytes, CancellationToken.None);
            order.Add(bytes);
        }
    }

    [Fact]
    public async Task WhoeverGivesUp_TakesNoPlace()
    {
        var gate = new CheckpointGate(places: 1);
        var held = await gate.EnterAsync(0, CancellationToken.None);
        using var leaving = new CancellationTokenSource();
        var gaveUp = gate.EnterAsync(1, leaving.Token);
        var next = gate.EnterAsync(2, CancellationToken.None);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gaveUp);

        held.Dispose();

        using var place = await next;
    }
}

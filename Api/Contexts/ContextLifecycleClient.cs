using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>The Api's way to the life of a context: tries again for a while what an activation that leaves has not done.</summary>
internal sealed class ContextLifecycleClient(IGrainFactory grains, TimeProvider time)
{
    private const int Attempts = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Has it done, if it can be.</summary>
    public async Task<LifecycleReply> ActAsync(ContextKey key, Func<IContextLifecycle, Task<LifecycleReply>> act, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            LifecycleReply reply;
            try
            {
                reply = await act(grains.GetGrain<IContextLifecycle>(key.ToString()));
            }
            catch (Exception e) when (e is ClusterFullException || Undelivered.Is(e))
            {
                reply = LifecycleReply.Unavailable;
            }
            if (reply != LifecycleReply.Unavailable || attempt == Attempts)
                return reply;
            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}

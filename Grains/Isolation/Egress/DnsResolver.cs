using System.Net;
using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>The machine's resolver. Its lookups block and cannot be cancelled, so each has a thread of its own, of a few.</summary>
internal sealed class DnsResolver : IEgressResolver, IDisposable
{
    private const int MaxThreads = 32;

    private readonly SemaphoreSlim _threads = new(MaxThreads);

    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        await _threads.WaitAsync(cancellationToken);
        Task<IPAddress[]> lookup;
        try
        {
            lookup = Task.Factory.StartNew(
                () => Lookup(host), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch
        {
            _threads.Release();
            throw;
        }
        return await lookup.WaitAsync(cancellationToken);
    }

    public void Dispose() => _threads.Dispose();

    /// <summary>Gives its place back when it has ended, not when its caller gave up.</summary>
    private IPAddress[] Lookup(string host)
    {
        try
        {
            // The dot makes the name absolute: search domains and the hosts file of this machine lead inside.
            return Dns.GetHostAddresses(host + '.');
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return [];
        }
        finally
        {
            _threads.Release();
        }
    }
}

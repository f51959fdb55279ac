using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>
/// Connects one context to hosts by name. Every address that a name leads to is judged, and one that passed is dialed as it
/// is: a name that changes its mind between two lookups has been looked up once.
/// </summary>
internal sealed class EgressConnector(IEgressResolver resolver, IEgressDialer dialer, TimeSpan timeout, TimeProvider time)
    : IDisposable
{
    /// <summary>Addresses of a host that are tried.</summary>
    private const int MaxAddresses = 4;

    /// <summary>Lookups of a context at a time: the resolver's threads are everybody's.</summary>
    private const int MaxLookups = 4;

    private readonly SemaphoreSlim _lookups = new(MaxLookups);

    /// <exception cref="EgressRefusedException">The host cannot be reached, or must not be.</exception>
    public async Task<Socket> ConnectAsync(string host, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await DialAsync(await ResolveAsync(host, either.Token), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EgressRefusedException(EgressOutcome.ConnectTimeout);
        }
    }

    public void Dispose() => _lookups.Dispose();

    private async Task<List<PublicAddress>> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        await _lookups.WaitAsync(cancellationToken);
        try
        {
            var found = await resolver.ResolveAsync(host, cancellationToken);
            if (found.Count == 0)
                throw new EgressRefusedException(EgressOutcome.Unresolved);
            var addresses = found.Select(PublicAddress.From).OfType<PublicAddress>().Take(MaxAddresses).ToList();
            return addresses.Count > 0 ? addresses : throw new EgressRefusedException(EgressOutcome.NotPublic);
        }
        finally
        {
            _lookups.Release();
        }
    }

    /// <summary>One address after the other, each with its share of the time, so that a silent one does not take it all.</summary>
    private async Task<Socket> DialAsync(List<PublicAddress> addresses, CancellationToken cancellationToken)
    {
        var outcome = EgressOutcome.Unreachable;
        foreach (var address in addresses)
        {
            using var share = new CancellationTokenSource(timeout / addresses.Count, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(share.Token, cancellationToken);
            try
            {
                return await dialer.ConnectAsync(address, either.Token);
            }
            catch (SocketException)
            {
                outcome = EgressOutcome.Unreachable;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                outcome = EgressOutcome.ConnectTimeout;
            }
        }
        throw new EgressRefusedException(outcome);
    }
}

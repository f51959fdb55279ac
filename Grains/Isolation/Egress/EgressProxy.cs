using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>
/// The silo's way out for user code: an HTTP proxy that takes CONNECT alone, to port 443 of the hosts on an allow-list, at
/// public addresses. What passes through is the business of the two ends; it is neither read nor changed.
/// </summary>
internal sealed class EgressProxy(
    IEgressResolver resolver,
    IEgressDialer dialer,
    IOptions<EgressOptions> options,
    EgressMetrics metrics,
    TimeProvider time,
    ILogger<EgressProxy> logger)
{
    /// <summary>Serves a context's connections until the session is disposed, which owns the listener from here on.</summary>
    /// <param name="listener">A stream socket that listens already, in the context's network.</param>
    /// <param name="allowed">The hosts that the context's tenant may reach.</param>
    /// <exception cref="ArgumentException">The socket does not listen; it is still the caller's.</exception>
    public EgressSession Serve(Socket listener, HostAllowList allowed)
    {
        var isListening = listener.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is not 0;
        if (!isListening)
            throw new ArgumentException("The socket does not listen.", nameof(listener));

        var limits = options.Value;
        var connector = new EgressConnector(resolver, dialer, limits.ConnectTimeout, time);
        return new EgressSession(
            listener,
            allowed,
            connector,
            limits,
            metrics,
            time,
            logger);
    }
}

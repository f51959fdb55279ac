using System.Net;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>Finds the addresses of a host. They are not trusted: <see cref="PublicAddress"/> judges each of them.</summary>
internal interface IEgressResolver
{
    /// <summary>The addresses in the order to try them; none when the name leads nowhere.</summary>
    /// <param name="host">A name as <see cref="HostName.Normalize"/> makes it.</param>
    /// <param name="cancellationToken">Ends the wait at once, if not the lookup.</param>
    Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken);
}

using Orleans.Runtime.Messaging;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>Tells a call that never reached its context, which may be sent again, from one of which that is not known.</summary>
internal static class Undelivered
{
    /// <summary>
    /// Whether a silo that leaves took nothing more, or none could be reached. <see cref="SiloUnavailableException"/> is among the
    /// rejections: until Orleans fails the calls in flight of a silo that died (dotnet/orleans#10165), which now time out, a client
    /// gets it only for what was not delivered.
    /// </summary>
    public static bool Is(Exception e) => e is OrleansMessageRejectionException or ConnectionFailedException;
}

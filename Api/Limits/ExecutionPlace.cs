using System.Threading.RateLimiting;

namespace Sandbox.Cluster.Api.Limits;

/// <summary>The place of a request's execution among those that its tenant may have under way.</summary>
internal sealed class ExecutionPlace(RateLimitLease lease) : IDisposable
{
    private RateLimitLease? _lease = lease;

    /// <summary>Hands it on: from now on it is free once what is returned is disposed of, and not when the request is answered.</summary>
    public IDisposable HandOn() =>
        Interlocked.Exchange(ref _lease, null) ?? throw new InvalidOperationException("The place was handed on before.");

    public void Dispose() => Interlocked.Exchange(ref _lease, null)?.Dispose();
}

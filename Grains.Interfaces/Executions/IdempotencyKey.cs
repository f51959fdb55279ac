namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>A client's own name for an execution: sent again under the same name, it is answered and not run.</summary>
/// <param name="Value">1 to 255 visible characters of ASCII, unique within a context.</param>
/// <param name="Fingerprint">SHA-256 of the request that came with it: another one may not have the same name.</param>
[GenerateSerializer, Immutable, Alias("IdempotencyKey")]
public sealed record IdempotencyKey([property: Id(0)] string Value, [property: Id(1)] byte[] Fingerprint)
{
    /// <summary>Whether the same request came with both. The values are the same.</summary>
    public bool IsOfSameRequest(IdempotencyKey other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Fingerprint.AsSpan().SequenceEqual(other.Fingerprint);
    }

    /// <summary>Without the value, which is a tenant's.</summary>
    public override string ToString() => nameof(IdempotencyKey);
}

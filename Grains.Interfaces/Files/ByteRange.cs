namespace Sandbox.Cluster.Grains.Interfaces.Files;

/// <summary>A part of a file, as RFC 9110 lets a client name it before it knows the size.</summary>
/// <param name="First">The first byte, from 0; null: the last <paramref name="Last"/> bytes.</param>
/// <param name="Last">The last byte, itself included; null: to the end.</param>
[GenerateSerializer, Immutable, Alias("ByteRange")]
public sealed record ByteRange([property: Id(0)] long? First, [property: Id(1)] long? Last)
{
    /// <summary>Where it begins and how long it is in a file of this size; null: no byte of it is there.</summary>
    public (long First, long Length)? Of(long size)
    {
        if (First is not { } first)
            return Last is > 0 and var suffix && size > 0 ? (Math.Max(0, size - suffix), Math.Min(suffix, size)) : null;
        if (first >= size)
            return null;
        var last = Last is { } given && given < size - 1 ? given : size - 1;
        return (first, last - first + 1);
    }
}

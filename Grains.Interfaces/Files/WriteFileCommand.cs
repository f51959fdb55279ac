namespace Sandbox.Cluster.Grains.Interfaces.Files;

/// <summary>One piece of an upload.</summary>
/// <param name="TransferId">Made by the caller, of random bits.</param>
/// <param name="Path">Where the file goes; missing directories on the way are made with it.</param>
/// <param name="Size">How large it will be, if that is known: what would not fit is refused at once.</param>
/// <param name="Offset">Of this piece in the file; 0 begins the upload.</param>
/// <param name="Bytes">Well below a MiB; may be empty.</param>
/// <param name="IsLast">Puts the file in its place.</param>
[GenerateSerializer, Immutable, Alias("WriteFileCommand")]
public sealed record WriteFileCommand(
    [property: Id(0)] string TransferId,
    [property: Id(1)] byte[] Path,
    [property: Id(2)] long? Size,
    [property: Id(3)] long Offset,
    [property: Id(4)] byte[] Bytes,
    [property: Id(5)] bool IsLast)
{
    /// <summary>Without path and content, which are a tenant's.</summary>
    public override string ToString() => $"{nameof(WriteFileCommand)} of {Bytes.Length} bytes";
}

namespace Sandbox.Cluster.Grains.Interfaces.Inquiries;

/// <summary>One question to a live session. The Api has checked every field.</summary>
/// <param name="InquiryId">1 to 64 of <c>[A-Za-z0-9_-]</c>.</param>
/// <param name="Kind">What is asked.</param>
/// <param name="Code">Source code, at most 1 MiB of UTF-8, without lone surrogates.</param>
/// <param name="Cursor">Where in it, in Unicode code points.</param>
[GenerateSerializer, Immutable, Alias("InquiryCommand")]
public sealed record InquiryCommand(
    [property: Id(0)] string InquiryId,
    [property: Id(1)] InquiryKind Kind,
    [property: Id(2)] string Code,
    [property: Id(3)] int Cursor)
{
    /// <summary>Without the code, which is a tenant's.</summary>
    public override string ToString() => $"{nameof(InquiryCommand)} {InquiryId} {Kind}";
}

/// <summary>What can be asked.</summary>
[GenerateSerializer, Alias("InquiryKind")]
public enum InquiryKind
{
    /// <summary>How the name before the cursor can go on.</summary>
    Complete = 0,

    /// <summary>What the name at the cursor stands for.</summary>
    Inspect = 1,
}

using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Interfaces.Inquiries;

/// <summary>What a context answers to a question: one of the records below, and nothing else.</summary>
[GenerateSerializer, Immutable, Alias("InquiryReply")]
public abstract record InquiryReply
{
    private protected InquiryReply()
    {
    }

    /// <summary>What the answer has to say of the context's state; null where nobody knows.</summary>
    [Id(0)]
    public ContextNews? News { get; init; }
}

/// <summary>How the code can go on.</summary>
/// <param name="Matches">What can stand between <paramref name="CursorStart"/> and <paramref name="CursorEnd"/>; may be none.</param>
/// <param name="CursorStart">In Unicode code points.</param>
/// <param name="CursorEnd">In Unicode code points.</param>
[GenerateSerializer, Immutable, Alias("Completions")]
public sealed record Completions(
    [property: Id(0)] string[] Matches, [property: Id(1)] int CursorStart, [property: Id(2)] int CursorEnd) : InquiryReply
{
    /// <summary>The number alone: names are a tenant's.</summary>
    public override string ToString() => $"{nameof(Completions)} {Matches.Length}";
}

/// <summary>What a name stands for.</summary>
/// <param name="Found">Whether there is anything of that name.</param>
/// <param name="Data">MIME type to text; empty when nothing was found.</param>
[GenerateSerializer, Immutable, Alias("Inspection")]
public sealed record Inspection([property: Id(0)] bool Found, [property: Id(1)] Dictionary<string, string> Data) : InquiryReply
{
    /// <summary>Without what was found, which is a tenant's.</summary>
    public override string ToString() => $"{nameof(Inspection)} {Found}";
}

/// <summary>There is no answer.</summary>
[GenerateSerializer, Immutable, Alias("InquiryFailed")]
public sealed record InquiryFailed([property: Id(0)] InquiryFault Fault) : InquiryReply;

/// <summary>The closed vocabulary of ways in which a question goes without an answer. The Api gives each its status.</summary>
[GenerateSerializer, Alias("InquiryFault")]
public enum InquiryFault
{
    /// <summary>There is no such context.</summary>
    NoSuchContext = 0,

    /// <summary>The context runs code, and went on doing so.</summary>
    Busy = 1,

    /// <summary>As many questions wait as may wait.</summary>
    TooMany = 2,

    /// <summary>The session is gone, which the next execution will be told.</summary>
    SessionLost = 3,

    /// <summary>The silo or its launcher cannot serve it now; a later try may succeed.</summary>
    Unavailable = 4,

    /// <summary>No silo has room for the context.</summary>
    ClusterFull = 5,
}

using Orleans.Concurrency;

namespace Sandbox.Cluster.Grains.Interfaces.Inquiries;

/// <summary>
/// What a context can tell of its live session between two executions, by the same grain and under the same key as the context
/// itself. Nothing of the session changes by it: no execution is counted, no output is kept.
/// </summary>
[Alias("contextInquiries")]
public interface IContextInquiries : IGrainWithStringKey
{
    /// <summary>
    /// Answers with <see cref="Completions"/> or <see cref="Inspection"/>, as was asked, or with <see cref="InquiryFailed"/>.
    /// While code runs it waits about two seconds for its turn; what its answer takes is bounded too, at about a second.
    /// </summary>
    [Alias("inquire"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<InquiryReply> Inquire(InquiryCommand command, CancellationToken cancellationToken);
}

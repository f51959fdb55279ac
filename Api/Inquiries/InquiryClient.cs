using Sandbox.Cluster.Grains.Interfaces.Capacity;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;

namespace Sandbox.Cluster.Api.Inquiries;

/// <summary>The Api's way to a live session. What goes wrong on that way is an <see cref="InquiryFailed"/> like any other.</summary>
internal sealed partial class InquiryClient(IGrainFactory grains, ILogger<InquiryClient> logger)
{
    public async Task<InquiryReply> AskAsync(ContextKey key, InquiryCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IContextInquiries>(key.ToString()).Inquire(command, cancellationToken);
        }
        catch (ClusterFullException)
        {
            return new InquiryFailed(InquiryFault.ClusterFull);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Its silo is gone, or the context could not be activated. Nothing is lost by it.
            LogFailed(logger, command.InquiryId, e.GetType().Name);
            return new InquiryFailed(InquiryFault.Unavailable);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Inquiry {InquiryId} could not be put to its context: {Error}")]
    private static partial void LogFailed(ILogger logger, string inquiryId, string error);
}

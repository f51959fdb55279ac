using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Files;

namespace Sandbox.Cluster.Api.Files;

/// <summary>The status of each way in which a call about files fails.</summary>
internal static class FileFaults
{
    public static IResult Refuse(FileFault fault) => fault switch
    {
        FileFault.NoSuchContext => Refusal.Of(StatusCodes.Status404NotFound, "There is no such context."),
        FileFault.NotFound => Refusal.Of(StatusCodes.Status404NotFound, "There is no such file; symbolic links are not followed."),
        FileFault.WrongKind => Refusal.Of(
            StatusCodes.Status409Conflict, "What is there, or on the way, is neither a file nor a directory, or the one where the other is needed."),
        FileFault.Changing => Refusal.Of(StatusCodes.Status409Conflict, "Code of the context changed it at the same time."),
        FileFault.NoRoom => Refusal.Of(StatusCodes.Status413PayloadTooLarge, "It does not fit into what the context may have."),
        FileFault.Denied => Refusal.Of(StatusCodes.Status403Forbidden, "The permissions of the file do not allow it."),
        FileFault.TooMany => Refusal.TryLater(
            StatusCodes.Status429TooManyRequests, "Too many files of this context are on their way.", retryAfterSeconds: 1),
        FileFault.Unavailable or FileFault.TransferLost => Refusal.TryLater(
            StatusCodes.Status503ServiceUnavailable, "The context's files cannot be served at the moment.", retryAfterSeconds: 1),
        FileFault.ClusterFull => Refusal.TryLater(
            StatusCodes.Status503ServiceUnavailable, "The cluster has no room for the context at the moment.", retryAfterSeconds: 5, TryLaterReason.ClusterFull),
        FileFault.Internal => Refusal.Of(StatusCodes.Status500InternalServerError, "Internal error"),
        _ => throw new InvalidOperationException($"A context failed for the unknown reason {fault}."),
    };
}

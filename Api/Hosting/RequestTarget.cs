using Microsoft.AspNetCore.Http.Features;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Hosting;

/// <summary>
/// What a client asked for, as it was sent. The server resolves <c>.</c> and <c>..</c> before it looks for an endpoint, so that a
/// request for a file could be answered as one for its context: whoever sends such parts is told that they are not taken.
/// </summary>
internal static class RequestTarget
{
    /// <summary>Refuses paths with a part that is <c>.</c> or <c>..</c>, percent-encoded or not.</summary>
    public static IApplicationBuilder UseResolvedPathsOnly(this IApplicationBuilder app) => app.Use((http, next) =>
        HasDotSegment(PathOf(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget))
            ? Refusal.BadRequest([new FieldError("path", "must not have a part that is . or ..")]).ExecuteAsync(http)
            : next(http));

    /// <summary>The path of a target, undecoded. A client may send <c>http://host/path</c> as a proxy would.</summary>
    public static string PathOf(string target)
    {
        var scheme = target.StartsWith('/') ? -1 : target.IndexOf("://", StringComparison.Ordinal);
        var start = scheme < 0 ? 0 : target.IndexOf('/', scheme + 3);
        if (start < 0)
            return "";
        var end = target.AsSpan(start).IndexOfAny('?', '#');
        return end < 0 ? target[start..] : target.Substring(start, end);
    }

    /// <summary>An encoded slash parts as well: whoever decodes the path after this must find none either.</summary>
    private static bool HasDotSegment(string path)
    {
        if (!path.Contains('.', StringComparison.Ordinal) && !path.Contains("%2e", StringComparison.OrdinalIgnoreCase))
            return false;
        return path
            .Replace("%2e", ".", StringComparison.OrdinalIgnoreCase)
            .Replace("%2f", "/", StringComparison.OrdinalIgnoreCase)
            .Split('/')
            .Any(part => part is "." or "..");
    }
}

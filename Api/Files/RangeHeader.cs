using Microsoft.Net.Http.Headers;
using Sandbox.Cluster.Grains.Interfaces.Files;

namespace Sandbox.Cluster.Api.Files;

/// <summary>The header <c>Range</c>, RFC 9110, section 14.</summary>
internal static class RangeHeader
{
    /// <summary>
    /// The one range that is asked for. Null: the whole file. That is also the answer to what is not understood, to more than
    /// one range, and to a condition on a validator, of which an answer never had one that is strong.
    /// </summary>
    public static ByteRange? Read(IHeaderDictionary headers) =>
        headers.IfRange.Count == 0
        && headers.Range.Count == 1
        && RangeHeaderValue.TryParse(headers.Range.ToString(), out var range)
        && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
        && range.Ranges.Count == 1
            ? new ByteRange(range.Ranges.First().From, range.Ranges.First().To)
            : null;
}

using System.Globalization;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Files;

namespace Sandbox.Cluster.Api.Files;

/// <summary>The bytes of a file, or of the one range of it that was asked for.</summary>
internal sealed class FileAnswer(FileReading transfer, FileOpened file, bool isPartial) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = isPartial ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK;
        // Whatever it is, no browser shall take it for a page of ours.
        response.ContentType = "application/octet-stream";
        response.ContentLength = file.Length;
        response.Headers.AcceptRanges = "bytes";
        response.Headers.LastModified = file.ModifiedAt.ToString("r", CultureInfo.InvariantCulture);
        if (isPartial)
        {
            response.Headers.ContentRange = string.Create(
                CultureInfo.InvariantCulture, $"bytes {file.First}-{file.First + file.Length - 1}/{file.Size}");
        }
        var left = file.Length;
        try
        {
            while (left > 0)
            {
                if (await transfer.NextAsync(httpContext.RequestAborted) is not FilePiece { Bytes.Length: > 0 } piece)
                    break;
                left -= piece.Bytes.Length;
                await response.BodyWriter.WriteAsync(piece.Bytes, httpContext.RequestAborted);
            }
        }
        finally
        {
            if (left > 0)
                await transfer.CutAsync(httpContext);
        }
    }
}

/// <summary>416: the file has no byte of the range.</summary>
internal sealed class RangeNotSatisfiableAnswer(long size) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.AcceptRanges = "bytes";
        httpContext.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{size}");
        return Refusal.Of(StatusCodes.Status416RangeNotSatisfiable, "The file has no byte of this range.").ExecuteAsync(httpContext);
    }
}

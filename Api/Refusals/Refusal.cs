using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Telemetry;

namespace Sandbox.Cluster.Api.Refusals;

/// <summary>
/// The body of every answer that refuses a call: <c>{"message": …, "errors": [{"field": …, "error": …}]}</c>. <c>errors</c> is
/// there for 400 alone.
/// </summary>
/// <param name="Message">A summary.</param>
/// <param name="Errors">One entry a fault.</param>
internal sealed record Refusal(string Message, IReadOnlyList<FieldError>? Errors = null)
{
    /// <summary>400 with every fault at once.</summary>
    public static IResult BadRequest(IReadOnlyList<FieldError> errors) =>
        Answer(StatusCodes.Status400BadRequest, new Refusal("Invalid request", errors));

    /// <summary>Any other refusal.</summary>
    public static IResult Of(int status, string message) => Answer(status, new Refusal(message));

    /// <summary>A refusal that a later try may not meet.</summary>
    /// <param name="status">429 or 503.</param>
    /// <param name="message">A summary.</param>
    /// <param name="retryAfterSeconds">The value of <c>Retry-After</c>.</param>
    /// <param name="reason">What it counts as; null: what the status says by itself.</param>
    public static IResult TryLater(int status, string message, int retryAfterSeconds, TryLaterReason? reason = null) => new RetryAfter(
        status, message, retryAfterSeconds, limit: null,
        reason ?? (status == StatusCodes.Status429TooManyRequests ? TryLaterReason.ContextBusy : TryLaterReason.Unavailable));

    /// <summary>
    /// 429 that names the quota, in the header fields of <c>draft-ietf-httpapi-ratelimit-headers-06</c>: <c>RateLimit-Limit</c>,
    /// <c>RateLimit-Remaining</c>, which is none, and <c>RateLimit-Reset</c> in seconds.
    /// </summary>
    public static IResult OverQuota(string message, int limit, int retryAfterSeconds, TryLaterReason quota = TryLaterReason.ContextQuota) =>
        new RetryAfter(StatusCodes.Status429TooManyRequests, message, retryAfterSeconds, limit, quota);

    private static JsonHttpResult<Refusal> Answer(int status, Refusal refusal) =>
        TypedResults.Json(refusal, ApiJson.Default.Refusal, statusCode: status);

    private sealed class RetryAfter(int status, string message, int seconds, int? limit, TryLaterReason reason) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var headers = httpContext.Response.Headers;
            var wait = seconds.ToString(CultureInfo.InvariantCulture);
            headers.RetryAfter = wait;
            if (limit is { } most)
            {
                headers["RateLimit-Limit"] = most.ToString(CultureInfo.InvariantCulture);
                headers["RateLimit-Remaining"] = "0";
                headers["RateLimit-Reset"] = wait;
            }
            httpContext.RequestServices.GetRequiredService<RefusalMetrics>().Count(reason);
            return Of(status, message).ExecuteAsync(httpContext);
        }
    }
}

/// <summary>One fault of a request.</summary>
/// <param name="Field">The JSON member at fault; <c>body</c> for the whole.</param>
/// <param name="Error">What is wrong with it, for a human.</param>
internal sealed record FieldError(string Field, string Error);

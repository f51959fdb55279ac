using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Cluster.Api.Json;

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
    public static IResult TryLater(int status, string message, int retryAfterSeconds) =>
        new RetryAfter(Of(status, message), retryAfterSeconds);

    private static JsonHttpResult<Refusal> Answer(int status, Refusal refusal) =>
        TypedResults.Json(refusal, ApiJson.Default.Refusal, statusCode: status);

    private sealed class RetryAfter(IResult inner, int seconds) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return inner.ExecuteAsync(httpContext);
        }
    }
}

/// <summary>One fault of a request.</summary>
/// <param name="Field">The JSON member at fault; <c>body</c> for the whole.</param>
/// <param name="Error">What is wrong with it, for a human.</param>
internal sealed record FieldError(string Field, string Error);

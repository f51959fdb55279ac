using Microsoft.AspNetCore.Diagnostics;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Hosting;

/// <summary>Answers outside the endpoints, an unknown path or a fault of ours, in the contract's shape and without inner details.</summary>
internal static class PlainFailures
{
    public static IApplicationBuilder UsePlainFailures(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = http => Answer(http, StatusOf(http.Features.Get<IExceptionHandlerFeature>()?.Error)),
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException or OperationCanceledException,
        });
        app.UseStatusCodePages(context => Answer(context.HttpContext, context.HttpContext.Response.StatusCode));
        return app;
    }

    private static int StatusOf(Exception? error) => error switch
    {
        BadHttpRequestException bad => bad.StatusCode,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static Task Answer(HttpContext http, int status) => status == StatusCodes.Status400BadRequest
        ? Refusal.BadRequest([new FieldError("body", "cannot be read")]).ExecuteAsync(http)
        : Refusal.Of(status, MessageOf(status)).ExecuteAsync(http);

    private static string MessageOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => "There is nothing at this path.",
        StatusCodes.Status405MethodNotAllowed => "This path does not take this method.",
        StatusCodes.Status408RequestTimeout => "The request came too slowly.",
        StatusCodes.Status413PayloadTooLarge => "The request is too large.",
        // The only bodies whose kind is looked at before they are read.
        StatusCodes.Status415UnsupportedMediaType => "Send the request as application/json in UTF-8, not compressed.",
        _ => "Internal error",
    };
}

using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Hosting;

/// <summary>
/// Without credentials the Api serves this machine alone: it listens on loopback addresses only, and refuses what a web
/// page in the user's browser could send there: a Host that names another machine (DNS rebinding) or a foreign Origin.
/// </summary>
internal static class LoopbackOnly
{
    /// <summary>Refuses to start on any other address.</summary>
    public static void ListenOnLoopbackOnly(this KestrelServerOptions kestrel) => kestrel.ConfigureEndpointDefaults(listen =>
    {
        if (listen.IPEndPoint is { } endpoint && !IPAddress.IsLoopback(endpoint.Address))
        {
            throw new InvalidOperationException(
                $"Without credentials the Api serves loopback addresses only, and {endpoint} is none. "
                + "Listen on 127.0.0.1, configure credentials (Sandbox__Access__ApiKeys, Sandbox__Access__Jwt), or set Sandbox__Access__AllowAnonymous=true behind something that decides who may run code.");
        }
    });

    /// <summary>Refuses requests that came by way of a browser from elsewhere.</summary>
    public static IApplicationBuilder UseLoopbackOnly(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (!NamesLoopback(http.Request.Host.Host))
            return Refuse(http, "The Host header does not name a loopback address.");
        foreach (var origin in http.Request.Headers.Origin)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || !NamesLoopback(uri.Host))
                return Refuse(http, "Requests of web pages from elsewhere are refused.");
        }
        return next(http);
    });

    private static bool NamesLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static Task Refuse(HttpContext http, string message) =>
        Refusal.Of(StatusCodes.Status403Forbidden, message).ExecuteAsync(http);
}

using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>A real HTTPS server on loopback, with a certificate of its own. It greets, and gives back what is posted.</summary>
public sealed class TlsWorld : IAsyncLifetime
{
    private TlsServer? _server;

    public IPEndPoint EndPoint => _server!.EndPoint;

    public async Task InitializeAsync() => _server = await TlsServer.StartAsync(EgressStage.Host, async context =>
    {
        if (HttpMethods.IsPost(context.Request.Method))
            await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
        else
            await context.Response.WriteAsync($"hello from {context.Request.Host}", context.RequestAborted);
    });

    public async Task DisposeAsync() => await _server!.DisposeAsync();

    /// <summary>A client behind a proxy, which trusts this world's certificate for its name and no other.</summary>
    internal HttpClient ClientBehind(IPEndPoint proxy) => new(new SocketsHttpHandler
    {
        Proxy = new WebProxy($"http://{proxy}"),
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                certificate is X509Certificate2 { Thumbprint: var thumbprint } && thumbprint == _server!.Certificate.Thumbprint
                && !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch),
        },
    })
    { Timeout = EgressStage.Bound };
}

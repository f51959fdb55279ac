using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>A real HTTPS server on loopback, with a certificate of its own for one host.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    private readonly WebApplication _server;

    private TlsServer(WebApplication server, X509Certificate2 certificate, IPEndPoint endPoint)
    {
        _server = server;
        Certificate = certificate;
        EndPoint = endPoint;
    }

    public X509Certificate2 Certificate { get; }

    public IPEndPoint EndPoint { get; }

    public static async Task<TlsServer> StartAsync(string host, RequestDelegate answer)
    {
        var certificate = SelfSigned.For(host);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
        });
        var server = builder.Build();
        server.Run(answer);
        await server.StartAsync();
        var address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new TlsServer(server, certificate, new IPEndPoint(IPAddress.Loopback, new Uri(address).Port));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Certificate.Dispose();
    }
}

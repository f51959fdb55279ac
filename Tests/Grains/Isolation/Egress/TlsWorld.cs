using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>A real HTTPS server on loopback, with a certificate of its own. It greets, and gives back what is posted.</summary>
public sealed class TlsWorld : IAsyncLifetime
{
    private readonly X509Certificate2 _certificate = Certificate();
    private WebApplication? _server;

    public IPEndPoint EndPoint { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate));
        });
        _server = builder.Build();
        _server.Run(async context =>
        {
            if (HttpMethods.IsPost(context.Request.Method))
                await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
            else
                await context.Response.WriteAsync($"hello from {context.Request.Host}", context.RequestAborted);
        });
        await _server.StartAsync();
        var address = _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        EndPoint = new IPEndPoint(IPAddress.Loopback, new Uri(address).Port);
    }

    public async Task DisposeAsync()
    {
        await _server!.DisposeAsync();
        _certificate.Dispose();
    }

    /// <summary>A client behind a proxy, which trusts this world's certificate for its name and no other.</summary>
    internal HttpClient ClientBehind(IPEndPoint proxy) => new(new SocketsHttpHandler
    {
        Proxy = new WebProxy($"http://{proxy}"),
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                certificate is X509Certificate2 { Thumbprint: var thumbprint } && thumbprint == _certificate.Thumbprint
                && !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch),
        },
    })
    { Timeout = EgressStage.Bound };

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={EgressStage.Host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(EgressStage.Host);
        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}

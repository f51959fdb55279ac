using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>A package index and an npm registry on loopback, over TLS, each with one package: what installers want of the world.</summary>
public sealed class PackageWorld : IAsyncLifetime
{
    public const string Host = "packages.example.org";

    private static readonly byte[] Wheel = MakeWheel();
    private static readonly byte[] Tarball = MakeTarball();
    private readonly X509Certificate2 _certificate = MakeCertificate();
    private WebApplication? _server;

    public IPEndPoint EndPoint { get; private set; } = null!;

    /// <summary>The certificate to trust, in PEM.</summary>
    public string Pem => _certificate.ExportCertificatePem();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate)));
        _server = builder.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync();
        var address = _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        EndPoint = new IPEndPoint(IPAddress.Loopback, new Uri(address).Port);
    }

    public async Task DisposeAsync()
    {
        await _server!.DisposeAsync();
        _certificate.Dispose();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var (type, body) = context.Request.Path.Value switch
        {
            "/simple/demo/" => ("text/html", "<a href=\"/demo-1.0-py3-none-any.whl\">demo-1.0-py3-none-any.whl</a>"u8.ToArray()),
            "/demo-1.0-py3-none-any.whl" => ("application/octet-stream", Wheel),
            "/demo-package" => ("application/json", Encoding.UTF8.GetBytes(NpmDocument())),
            "/demo-package-1.0.0.tgz" => ("application/octet-stream", Tarball),
            "/" => ("text/plain", "hello"u8.ToArray()),
            _ => ("text/plain", []),
        };
        context.Response.StatusCode = body.Length > 0 ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static string NpmDocument() => $$"""
        {"name":"demo-package","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"demo-package","version":"1.0.0","dist":
        {"tarball":"https://{{Host}}/demo-package-1.0.0.tgz","integrity":"sha512-{{Convert.ToBase64String(SHA512.HashData(Tarball))}}"} } } }
        """;

    private static byte[] MakeWheel()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create))
        {
            Add("demo.py", "ANSWER = 42\n");
            Add("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n");
            Add("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
            Add("demo-1.0.dist-info/RECORD", "demo.py,,\ndemo-1.0.dist-info/METADATA,,\ndemo-1.0.dist-info/WHEEL,,\ndemo-1.0.dist-info/RECORD,,\n");

            void Add(string name, string text)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }
        return bytes.ToArray();
    }

    private static byte[] MakeTarball()
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            Add("package/package.json", """{"name":"demo-package","version":"1.0.0","main":"index.js"}""");
            Add("package/index.js", "module.exports = { answer: 42 };\n");

            void Add(string name, string text) =>
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        }
        return bytes.ToArray();
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Host);
        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}

using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>A package index and an npm registry on loopback, over TLS, each with one package: what installers want of the world.</summary>
public sealed class PackageWorld : IAsyncLifetime
{
    public const string Host = "packages.example.org";

    private static readonly byte[] Wheel = MakeWheel();
    private static readonly byte[] Tarball = MakeTarball();
    private TlsServer? _server;

    public IPEndPoint EndPoint => _server!.EndPoint;

    /// <summary>The certificate to trust, in PEM.</summary>
    public string Pem => _server!.Certificate.ExportCertificatePem();

    public async Task InitializeAsync() => _server = await TlsServer.StartAsync(Host, AnswerAsync);

    public async Task DisposeAsync() => await _server!.DisposeAsync();

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
}

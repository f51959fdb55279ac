using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Cluster.Tests.Deploy.Kubernetes;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>
/// A storage account as a silo in Azure finds it: tables and blobs over TLS, which take only a token, and the endpoint of a managed identity,
/// which gives one. The emulator of Azure Storage reads what a token says (issuer, audience, times) and not its signature.
/// </summary>
internal sealed class AzureAccount : IAsyncDisposable
{
    // The client of tables takes a server on `localhost` for an emulator of Cosmos DB, and asks for a token for that.
    private const string Host = "127.0.0.1";
    private const string IdentitySecret = "of-this-program";

    // The account and the key that everybody has who installs the emulator.
    private const string Account = "devstoreaccount1";
    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly string[] OfStorage = ["Orleans__Clustering__", "Orleans__GrainStorage__", "Sandbox__AzureTables__", "Sandbox__Checkpoints__Store__"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("azure-test-");
    private readonly Tokens _tokens = new();
    private WebApplication? _identity;
    private ServerProcess? _tables;
    private ServerProcess? _blobs;

    private AzureAccount()
    {
    }

    /// <summary>The environment of silos and Apis that keep everything there: what the overlay <c>azure</c> says of storage, at these addresses.</summary>
    public (string Name, string Value)[] Settings =>
    [
        .. SiloRules.Values(Manifests.Of("azure").Silo)
            .Where(setting => OfStorage.Any(prefix => setting.Key.StartsWith(prefix, StringComparison.Ordinal)))
            .Select(setting => (setting.Key, setting.Key switch
            {
                "Sandbox__AzureTables__ServiceUri" => UriOf(_tables!),
                "Sandbox__Checkpoints__Store__ServiceUri" => UriOf(_blobs!),
                _ => setting.Value,
            })),
        ("IDENTITY_ENDPOINT", $"{_identity!.Urls.Single()}/token"),
        ("IDENTITY_HEADER", IdentitySecret),
        // What this process of .NET trusts.
        ("SSL_CERT_FILE", CertificateFile),
    ];

    private string CertificateFile => Path.Combine(_folder.FullName, "certificate.pem");

    /// <summary>How a service of the emulator that runs without TLS is reached: <c>Blob</c> or <c>Table</c>.</summary>
    public static string ConnectionString(string kind, ServerProcess service) =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={AccountKey};{kind}Endpoint=http://{Host}:{service.Port}/{Account}";

    public static async Task<AzureAccount> StartAsync()
    {
        var account = new AzureAccount();
        try
        {
            await account.StartAllAsync();
            return account;
        }
        catch
        {
            await account.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in new IAsyncDisposable?[] { _tables, _blobs, _identity })
        {
            if (service is not null)
                await service.DisposeAsync();
        }
        _tokens.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string UriOf(ServerProcess service) => $"https://{Host}:{service.Port}/{Account}";

    private async Task StartAllAsync()
    {
        using var certificate = SelfSigned.For(Host);
        await File.WriteAllTextAsync(CertificateFile, certificate.ExportCertificatePem());
        var keyFile = Path.Combine(_folder.FullName, "key.pem");
        using (var key = certificate.GetECDsaPrivateKey()!)
            await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem());
        string[] options = ["--oauth", "basic", "--cert", CertificateFile, "--key", keyFile];
        _tables = await ServerProcess.StartAzuriteAsync("table", options);
        _blobs = await ServerProcess.StartAzuriteAsync("blob", options);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _identity = builder.Build();
        _identity.Run(AnswerAsync);
        await _identity.StartAsync();
    }

    /// <summary>What the endpoint of a managed identity answers (App Service's form of it, version 2019-08-01).</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Headers["X-IDENTITY-HEADER"] != IdentitySecret)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }
        var resource = context.Request.Query["resource"].ToString();
        var now = DateTime.UtcNow;
        var expires = now.AddHours(1);
        var token = _tokens.Make(tenant: null, token =>
        {
            (token.Issuer, token.Audience) = ("https://sts.windows.net/a-directory/", resource);
            // The emulator's clock is this machine's, in whole seconds.
            (token.IssuedAt, token.NotBefore, token.Expires) = (now.AddMinutes(-1), now.AddMinutes(-1), expires);
        });
        await context.Response.WriteAsync(JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["access_token"] = token,
            ["expires_on"] = new DateTimeOffset(expires).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            ["resource"] = resource,
            ["token_type"] = "Bearer",
        }));
    }
}

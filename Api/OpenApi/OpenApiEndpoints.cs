using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Sandbox.Cluster.Api.OpenApi;

/// <summary><c>GET /openapi/v1.json</c>, made from the endpoints, and <c>GET /docs</c>, a page that shows it and loads nothing else.</summary>
internal static class OpenApiEndpoints
{
    private const string Version = "v1";

    /// <summary>Adds what makes the document.</summary>
    public static IServiceCollection AddOpenApiDocument(this IServiceCollection services)
    {
        // The document's names are the contract's; answers are written by sources of their own.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        return services.AddOpenApi(Version, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } id ? NameOf(id) : null;
            options.AddSchemaTransformer(DocumentTransforms.LeaveOutInsteadOfNull);
            options.AddOperationTransformer(DocumentTransforms.DescribeOperation);
            options.AddDocumentTransformer(DocumentTransforms.DescribeService);
            options.AddDocumentTransformer(DocumentTransforms.ReferInsteadOfNull);
        });
    }

    /// <summary>Maps both. They say nothing of any tenant, so they need no credential.</summary>
    public static IEndpointRouteBuilder MapOpenApiDocument(this IEndpointRouteBuilder routes)
    {
        // Made once: the endpoints do not change.
        var document = new Lazy<Task<byte[]>>(() => MakeAsync(routes.ServiceProvider));
        routes.MapGet($"/openapi/{Version}.json", async () => Results.Bytes(await document.Value, "application/json"))
            .AllowAnonymous().ExcludeFromDescription();

        var page = ReadPage();
        var policy = $"default-src 'none'; connect-src 'self'; style-src 'sha256-{HashOf(page, "style")}'; script-src 'sha256-{HashOf(page, "script")}'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        routes.MapGet("/docs", (HttpResponse response) =>
        {
            response.Headers.ContentSecurityPolicy = policy;
            return Results.Text(page, "text/html; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription();
        return routes;
    }

    private static async Task<byte[]> MakeAsync(IServiceProvider services)
    {
        await using var scope = services.CreateAsyncScope();
        var document = await scope.ServiceProvider.GetRequiredKeyedService<IOpenApiDocumentProvider>(Version).GetOpenApiDocumentAsync();
        using var bytes = new MemoryStream();
        await document.SerializeAsJsonAsync(bytes, OpenApiSpecVersion.OpenApi3_1);
        return bytes.ToArray();
    }

    /// <summary>The contract's names: what the code calls a body or an answer is, to a client, the thing itself.</summary>
    private static string NameOf(string id) => id switch
    {
        "ExecuteBody" => "ExecuteRequest",
        "ExecutionBody" => "Execution",
        "CreateContextBody" => "CreateContextRequest",
        "ContextListAnswer" => "ContextList",
        _ when id.EndsWith("Body", StringComparison.Ordinal) => id[..^"Body".Length],
        _ when id.EndsWith("Answer", StringComparison.Ordinal) => id[..^"Answer".Length],
        _ => id,
    };

    private static string ReadPage()
    {
        using var page = Assembly.GetExecutingAssembly().GetManifestResourceStream("docs.html")!;
        using var reader = new StreamReader(page);
        return reader.ReadToEnd();
    }

    private static string HashOf(string page, string element)
    {
        var from = page.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var text = page[from..page.IndexOf($"</{element}>", from, StringComparison.Ordinal)];
        return Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
    }
}

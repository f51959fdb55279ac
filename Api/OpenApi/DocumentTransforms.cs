using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Api.Streams;

namespace Sandbox.Cluster.Api.OpenApi;

/// <summary>Says in the document what holds for all endpoints, and what an endpoint said of itself in its metadata.</summary>
internal static class DocumentTransforms
{
    private const string Bearer = "bearer";
    private const string Json = "application/json";

    /// <summary>What every call that needs a credential may meet.</summary>
    private static readonly int[] Common =
    [
        StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status429TooManyRequests, StatusCodes.Status503ServiceUnavailable,
    ];

    private static readonly AnswerHeader[] Quota =
    [
        new("RateLimit-Limit", "The quota: requests per second, or what a 429 is about.", []),
        new("RateLimit-Remaining", "How much of it is left.", []),
        new("RateLimit-Reset", "Seconds until it is there again.", []),
    ];

    /// <summary>Of the whole.</summary>
    public static Task DescribeService(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Sandbox.Cluster",
            Version = "v1",
            Description = "Runs Python and TypeScript in persistent sessions. 200 is an Execution whatever the code did; 500 is an Execution that says "
                + "what the platform lost. Every refusal is a Refusal.",
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
        };
        // Whoever reads it knows where it came from; a proxy may not.
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Bearer,
                Description = "An API key, or a token (JWT). Where the service asks for none, whatever is sent is ignored.",
            },
        };
        return Task.CompletedTask;
    }

    /// <summary>Of one operation.</summary>
    public static async Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Responses ??= [];
        if (!metadata.OfType<IAllowAnonymous>().Any())
            await AskForCredentialAsync(operation, context, cancellationToken);
        foreach (var parameter in metadata.OfType<RequestParameter>())
            (operation.Parameters ??= []).Add(Of(parameter));
        foreach (var stream in metadata.OfType<EventStreamAnswer>())
            Add(operation, stream);
        foreach (var example in metadata.OfType<BodyExample>())
            Add(operation, example);
        foreach (var header in metadata.OfType<AnswerHeader>())
        {
            foreach (var status in header.Statuses)
                Add(operation.Responses[Key(status)], header);
        }
        foreach (var (status, answer) in operation.Responses)
        {
            if (status is "429" or "503")
                Add(answer, new AnswerHeader("Retry-After", "Seconds after which another try makes sense.", []));
            if (string.IsNullOrEmpty(answer.Description) && answer is OpenApiResponse response)
                response.Description = ReasonPhrases.GetReasonPhrase(int.Parse(status, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>A member without a value is left out, and never null.</summary>
    public static Task LeaveOutInsteadOfNull(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (schema.Properties is not { Count: > 0 } properties)
            return Task.CompletedTask;
        var nullable = context.JsonTypeInfo.Properties.Where(property => property.IsGetNullable).Select(property => property.Name).ToHashSet();
        foreach (var property in properties.Where(property => nullable.Contains(property.Key)).Select(property => property.Value).OfType<OpenApiSchema>())
            property.Type &= ~JsonSchemaType.Null;
        schema.Required = properties.Keys.Except(nullable).ToHashSet();
        return Task.CompletedTask;
    }

    /// <summary>The same for members that refer to another schema: whether they may be null is said only once all are there.</summary>
    public static Task ReferInsteadOfNull(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var properties in document.Components?.Schemas?.Values.Select(schema => schema.Properties).OfType<IDictionary<string, IOpenApiSchema>>() ?? [])
        {
            foreach (var (name, schema) in properties.ToList())
            {
                if (schema is OpenApiSchema { OneOf: { Count: 2 } either } && either.FirstOrDefault(one => one is OpenApiSchemaReference) is { } other)
                    properties[name] = other;
            }
        }
        return Task.CompletedTask;
    }

    private static async Task AskForCredentialAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
        var schema = await context.GetOrCreateSchemaAsync(typeof(Refusal), null, cancellationToken);
        context.Document!.AddComponent(nameof(Refusal), schema);
        foreach (var status in Common)
        {
            operation.Responses!.TryAdd(Key(status), new OpenApiResponse
            {
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [Json] = new() { Schema = new OpenApiSchemaReference(nameof(Refusal), context.Document) },
                },
            });
        }
        foreach (var (status, answer) in operation.Responses!)
        {
            if (status is "401")
                Add(answer, new AnswerHeader("WWW-Authenticate", "Bearer.", []));
            else if (status is not "403")
                Array.ForEach(Quota, header => Add(answer, header));
        }
    }

    private static OpenApiParameter Of(RequestParameter parameter)
    {
        var schema = JsonNode.Parse(parameter.Schema)!.AsObject();
        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = parameter.In,
            Description = parameter.Description,
            Schema = new OpenApiSchema
            {
                Type = (string?)schema["type"] == "integer" ? JsonSchemaType.Integer : JsonSchemaType.String,
                Minimum = schema["minimum"]?.ToString(),
                Maximum = schema["maximum"]?.ToString(),
                Default = schema["default"]?.DeepClone(),
            },
        };
    }

    private static void Add(OpenApiOperation operation, EventStreamAnswer stream)
    {
        var answer = (OpenApiResponse)operation.Responses![Key(StatusCodes.Status200OK)];
        (answer.Content ??= new Dictionary<string, OpenApiMediaType>())[ServerSentEvents.MediaType] = new OpenApiMediaType
        {
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = stream.Description },
            Examples = new Dictionary<string, IOpenApiExample> { ["a stream"] = new OpenApiExample { Value = stream.Example } },
        };
    }

    private static void Add(OpenApiOperation operation, BodyExample example)
    {
        var content = example.Status is { } status ? operation.Responses![Key(status)].Content : operation.RequestBody?.Content;
        var body = content is not null && content.TryGetValue(Json, out var json)
            ? json
            : throw new InvalidOperationException($"The example '{example.Name}' of {operation.OperationId} is of a body that the operation does not have.");
        (body.Examples ??= new Dictionary<string, IOpenApiExample>())[example.Name] = new OpenApiExample { Value = JsonNode.Parse(example.Json) };
    }

    private static void Add(IOpenApiResponse answer, AnswerHeader header)
    {
        if (answer is OpenApiResponse response)
        {
            (response.Headers ??= new Dictionary<string, IOpenApiHeader>())[header.Name] =
                new OpenApiHeader { Description = header.Description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        }
    }

    private static string Key(int status) => status.ToString(CultureInfo.InvariantCulture);
}

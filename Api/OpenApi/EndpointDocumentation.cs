using System.Diagnostics.CodeAnalysis;
using Microsoft.OpenApi;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.OpenApi;

/// <summary>What an endpoint says of itself beyond its types, beside ASP.NET's <c>WithSummary</c>, <c>Accepts</c> and <c>Produces</c>.</summary>
internal static class EndpointDocumentation
{
    /// <summary>Statuses of refusals that it gives, beyond those that every call may meet.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (var status in statuses)
            endpoint.Produces<Refusal>(status);
        return endpoint;
    }

    /// <summary>A header of its answers of these statuses.</summary>
    public static RouteHandlerBuilder AnswersWithHeader(this RouteHandlerBuilder endpoint, string name, string description, params int[] statuses) =>
        endpoint.WithMetadata(new AnswerHeader(name, description, statuses));

    /// <summary>Its answers of these statuses say what became of the context's state.</summary>
    public static RouteHandlerBuilder TellsOfState(this RouteHandlerBuilder endpoint, params int[] statuses) => endpoint
        .AnswersWithHeader(
            "Context-State",
            "new: this call created the context; kept: the state is what the answer before left; restored: it was woken or moved and nothing was lost; rolled-back: it came back from an "
            + "older checkpoint; lost: what was there is gone.",
            statuses)
        .AnswersWithHeader("Context-Incarnation", "1, and one more whenever the line of the context's state was broken.", statuses)
        .AnswersWithHeader("Context-Restored-To", "Which execution it was rolled back to, 0 before any; absent otherwise.", statuses);

    /// <summary>The other form of its 200, for <c>Accept: text/event-stream</c>.</summary>
    public static RouteHandlerBuilder StreamsEvents(this RouteHandlerBuilder endpoint, string description, string example) =>
        endpoint.WithMetadata(new EventStreamAnswer(description, example));

    /// <summary>A body that may be sent.</summary>
    public static RouteHandlerBuilder WithRequestExample(
        this RouteHandlerBuilder endpoint, string name, [StringSyntax(StringSyntaxAttribute.Json)] string json) =>
        endpoint.WithMetadata(new BodyExample(null, name, json));

    /// <summary>A body that may come back.</summary>
    public static RouteHandlerBuilder WithAnswerExample(
        this RouteHandlerBuilder endpoint, int status, string name, [StringSyntax(StringSyntaxAttribute.Json)] string json) =>
        endpoint.WithMetadata(new BodyExample(status, name, json));

    /// <summary>A parameter of the query that is read by hand.</summary>
    public static RouteHandlerBuilder WithQueryParameter(
        this RouteHandlerBuilder endpoint, string name, string description, [StringSyntax(StringSyntaxAttribute.Json)] string schema) =>
        endpoint.WithMetadata(new RequestParameter(name, description, schema));

    /// <summary>A header that a request may have.</summary>
    public static RouteHandlerBuilder WithRequestHeader(
        this RouteHandlerBuilder endpoint, string name, string description, [StringSyntax(StringSyntaxAttribute.Json)] string schema) =>
        endpoint.WithMetadata(new RequestParameter(name, description, schema, ParameterLocation.Header));
}

/// <summary>A header of answers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it says.</param>
/// <param name="Statuses">The statuses that have it.</param>
internal sealed record AnswerHeader(string Name, string Description, int[] Statuses);

/// <summary>An answer of server-sent events.</summary>
/// <param name="Description">What the events are.</param>
/// <param name="Example">A stream.</param>
internal sealed record EventStreamAnswer(string Description, string Example);

/// <summary>An example of a body.</summary>
/// <param name="Status">The answer's; null: the request's.</param>
/// <param name="Name">What it is an example of.</param>
/// <param name="Json">The body.</param>
internal sealed record BodyExample(int? Status, string Name, string Json);

/// <summary>A parameter of the query, or a header.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Schema">Its schema, as JSON: <c>type</c>, <c>minimum</c>, <c>maximum</c>, <c>default</c>.</param>
/// <param name="In">Where it stands.</param>
internal sealed record RequestParameter(string Name, string Description, string Schema, ParameterLocation In = ParameterLocation.Query);

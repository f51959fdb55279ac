using System.Globalization;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.Limits;
using Sandbox.Cluster.Api.OpenApi;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Api.Streams;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Execute;

/// <summary><c>GET /contexts/{id}/executions/{execution_id}</c>: what an execution left, or its events, for whoever comes later.</summary>
internal static partial class ExecutionEndpoint
{
    private static readonly IResult NoSuchExecution = Refusal.Of(StatusCodes.Status404NotFound, "There is no execution of this id, or none any more.");

    public static IEndpointRouteBuilder MapExecutions(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/contexts/{id}/executions/{executionId}", GetAsync)
            .WithTags("execute").WithName("get_execution").WithSummary("What an execution left")
            .WithDescription(
                "202 while it waits or runs. With Accept: text/event-stream its events, from the one after Last-Event-ID, and on to its end; 400 for an id that it has not come to. "
                + "The last 64 are kept for an hour, while the context is awake.")
            .Produces<ExecutionBody>().StreamsEvents("As those of POST /execute.", "id: 2\nevent: stdout\ndata: {\"text\":\"hello\\n\"}\n\n")
            .Produces<PendingAnswer>(StatusCodes.Status202Accepted)
            .Produces<ExecutionBody>(StatusCodes.Status500InternalServerError)
            .WithRequestHeader("Last-Event-ID", "With Accept: text/event-stream, the last event that is known.", "{\"type\":\"integer\",\"minimum\":0}")
            .AnswersWithHeader("Execution-Id", "Names the execution.", StatusCodes.Status200OK, StatusCodes.Status202Accepted, StatusCodes.Status500InternalServerError)
            .TellsOfState(StatusCodes.Status200OK, StatusCodes.Status500InternalServerError)
            .Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound)
            .WithAnswerExample(StatusCodes.Status202Accepted, "it runs", """{"context_id":"report","execution_id":"5e0c"}""");
        return routes;
    }

    private static async Task<IResult> GetAsync(
        HttpContext http, string id, string executionId, Tenant tenant, EventClient events, TenantLimits quotas, CancellationToken cancellationToken)
    {
        if (!ContextId.IsValid(id) || !IdPattern().IsMatch(executionId))
            return NoSuchExecution;
        long after = 0;
        if (http.Request.Headers.TryGetValue("Last-Event-ID", out var last)
            && !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            return Refusal.BadRequest([new FieldError("Last-Event-ID", "must be the id of an event")]);
        }

        var key = tenant.Context(id);
        var found = await events.FindAsync(key, executionId, cancellationToken);
        if (ServerSentEvents.AreWanted(http.Request))
        {
            // Behind an event that never was there is none, not even the end that a stream closes with.
            if (after > 0 && found is (ExecutionPending or ExecutionEnded { StoredOf: null })
                && !await events.HasReachedAsync(key, executionId, after, cancellationToken))
            {
                return Refusal.BadRequest([new FieldError("Last-Event-ID", "is not the id of an event of this execution, which has not come so far")]);
            }
            var stream = new ExecutionStream(http, key, executionId, events, new EventJson(), isItsClient: false, after);
            if (found is ExecutionPending or ExecutionEnded { StoredOf: null })
                found = await stream.FollowAsync(cancellationToken);
            if (found is ExecutionEnded { StoredOf: not null } stored)
                await stream.TellAsync(stored, cancellationToken);
            if (stream.HasBegun)
            {
                await stream.EndAsync(found!, cancellationToken);
                return Results.Empty;
            }
        }
        return found switch
        {
            ExecutionEnded ended => ExecutionAnswer.Of(http.Response, id, executionId, ended),
            ExecutionPending pending => PendingAnswer.Of(http.Response, id, executionId, pending),
            ExecutionInDoubt => ExecutionAnswer.SiloUnavailable(id, executionId),
            ExecutionRefused refused => ExecuteEndpoint.Refuse(refused, quotas.ContextsOf(tenant)),
            ExecutionUnknown => NoSuchExecution,
            _ => Refusal.TryLater(StatusCodes.Status503ServiceUnavailable, "The context cannot be reached at the moment.", retryAfterSeconds: 1),
        };
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();
}

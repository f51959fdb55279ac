using System.Globalization;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.OpenApi;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>The contexts of a tenant: it looks at them, which wakes none, ends them, interrupts them and starts them anew.</summary>
internal static class ContextEndpoints
{
    private const int DefaultLimit = 20;

    private const string Example = """
        {"id":"report","language":"python","cwd":"/home/user","state":"idle","incarnation":1,"execution_count":3,"created_at":"2026-01-31T09:30:00Z","last_used_at":"2026-01-31T09:31:07Z","expires_at":"2026-02-07T09:31:07Z"}
        """;

    private const string NoneExample = """{"message":"There is no context of this id."}""";

    /// <summary>Every answer about a context that the tenant does not have.</summary>
    public static IResult NoSuchContext { get; } = Refusal.Of(StatusCodes.Status404NotFound, "There is no context of this id.");

    public static IEndpointRouteBuilder MapContexts(this IEndpointRouteBuilder routes)
    {
        var contexts = routes.MapGroup("/contexts").WithTags("contexts");
        contexts.MapGet("", ListAsync)
            .WithName("list_contexts").WithSummary("The caller's contexts, running and hibernated")
            .WithDescription("In the order of their ids. Wakes none.")
            .WithQueryParameter("limit", "The most that one answer has.", """{"type":"integer","minimum":1,"maximum":100,"default":20}""")
            .WithQueryParameter("cursor", "The next_cursor of the answer before.", """{"type":"string"}""")
            .Produces<ContextListAnswer>().Refuses(StatusCodes.Status400BadRequest)
            .WithAnswerExample(StatusCodes.Status200OK, "the first of several pages", $$"""{"items":[{{Example}}],"next_cursor":"MTpyZXBvcnQ"}""");
        contexts.MapGet("/{id}", GetAsync)
            .WithName("get_context").WithSummary("A context").WithDescription("Does not wake it.")
            .Produces<ContextAnswer>().Refuses(StatusCodes.Status404NotFound)
            .WithAnswerExample(StatusCodes.Status200OK, "a context that waits", Example);
        contexts.MapDelete("/{id}", DeleteAsync)
            .WithName("delete_context").WithSummary("Ends a context")
            .WithDescription("Its interpreter, its files, its checkpoints and its record are gone.")
            .Produces(StatusCodes.Status204NoContent).Refuses(StatusCodes.Status404NotFound)
            .WithAnswerExample(StatusCodes.Status404NotFound, "no such context", NoneExample);
        contexts.MapPost("/{id}/interrupt", InterruptAsync)
            .WithName("interrupt_context").WithSummary("Interrupts the execution that runs")
            .WithDescription("Without effect when none does. What waits goes on waiting.")
            .Produces(StatusCodes.Status202Accepted).Refuses(StatusCodes.Status404NotFound)
            .WithAnswerExample(StatusCodes.Status404NotFound, "no such context", NoneExample);
        contexts.MapPost("/{id}/restart", RestartAsync)
            .WithName("restart_context").WithSummary("Starts a context anew")
            .WithDescription("Its state goes and its files stay; a new incarnation begins. What runs is interrupted.")
            .Produces<ContextAnswer>().Refuses(StatusCodes.Status404NotFound)
            .WithAnswerExample(StatusCodes.Status200OK, "a context that was restarted", Example);
        return routes;
    }

    private static async Task<IResult> ListAsync(HttpRequest http, Tenant tenant, ContextReader contexts, CancellationToken cancellationToken)
    {
        var faults = new List<FieldError>();
        var limit = ReadLimit(http.Query, faults);
        var after = ReadCursor(http.Query, faults);
        if (faults.Count > 0)
            return Refusal.BadRequest(faults);
        return await AnswerAsync(async () => TypedResults.Json(
            await contexts.ListAsync(tenant, after, limit, cancellationToken), ApiJson.Default.ContextListAnswer));
    }

    private static async Task<IResult> GetAsync(string id, Tenant tenant, ContextReader contexts, CancellationToken cancellationToken)
    {
        if (!ContextId.IsValid(id))
            return NoSuchContext;
        return await AnswerAsync(async () => await contexts.FindAsync(tenant, id, cancellationToken) is { } context
            ? TypedResults.Json(context, ApiJson.Default.ContextAnswer)
            : NoSuchContext);
    }

    private static Task<IResult> DeleteAsync(string id, Tenant tenant, ContextReader contexts, ContextLifecycleClient lifecycle, CancellationToken cancellationToken) =>
        ActAsync(id, tenant, contexts, context => context.Delete(cancellationToken), () => Task.FromResult(Results.NoContent()), lifecycle, cancellationToken);

    private static Task<IResult> InterruptAsync(string id, Tenant tenant, ContextReader contexts, ContextLifecycleClient lifecycle, CancellationToken cancellationToken) =>
        ActAsync(
            id, tenant, contexts, context => context.InterruptRunning(cancellationToken), () => Task.FromResult(Results.StatusCode(StatusCodes.Status202Accepted)),
            lifecycle, cancellationToken);

    private static Task<IResult> RestartAsync(string id, Tenant tenant, ContextReader contexts, ContextLifecycleClient lifecycle, CancellationToken cancellationToken) =>
        ActAsync(id, tenant, contexts, context => context.Restart(cancellationToken), () => GetAsync(id, tenant, contexts, cancellationToken), lifecycle, cancellationToken);

    /// <summary>Looks for the context first: one that never was is not activated for it.</summary>
    private static async Task<IResult> ActAsync(
        string id,
        Tenant tenant,
        ContextReader contexts,
        Func<IContextLifecycle, Task<LifecycleReply>> act,
        Func<Task<IResult>> answer,
        ContextLifecycleClient lifecycle,
        CancellationToken cancellationToken)
    {
        if (!ContextId.IsValid(id))
            return NoSuchContext;
        return await AnswerAsync(async () =>
        {
            if (await contexts.FindAsync(tenant, id, cancellationToken) is null)
                return NoSuchContext;
            return await lifecycle.ActAsync(tenant.Context(id), act, cancellationToken) switch
            {
                LifecycleReply.Done => await answer(),
                LifecycleReply.NoSuchContext => NoSuchContext,
                _ => Refusal.TryLater(StatusCodes.Status503ServiceUnavailable, "The context cannot be reached at the moment.", retryAfterSeconds: 1),
            };
        });
    }

    /// <summary>A silo that is gone is back, or replaced, within seconds.</summary>
    private static async Task<IResult> AnswerAsync(Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return Refusal.TryLater(StatusCodes.Status503ServiceUnavailable, "The contexts cannot be read at the moment.", retryAfterSeconds: 1);
        }
    }

    private static int ReadLimit(IQueryCollection query, List<FieldError> faults)
    {
        if (!query.TryGetValue("limit", out var values))
            return DefaultLimit;
        if (values is [{ } text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            && limit is >= 1 and <= IContextReaderGrain.MaxContexts)
        {
            return limit;
        }
        faults.Add(new FieldError("limit", $"must be an integer from 1 to {IContextReaderGrain.MaxContexts}"));
        return default;
    }

    private static string? ReadCursor(IQueryCollection query, List<FieldError> faults)
    {
        if (!query.TryGetValue("cursor", out var values))
            return null;
        if (values is [{ } text] && ContextCursor.Read(text) is { } after)
            return after;
        faults.Add(new FieldError("cursor", "must be the next_cursor of an earlier answer"));
        return null;
    }
}

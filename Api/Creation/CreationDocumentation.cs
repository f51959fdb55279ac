using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.OpenApi;

namespace Sandbox.Cluster.Api.Creation;

/// <summary>What <c>POST /contexts</c> says of itself in the OpenAPI document.</summary>
internal static class CreationDocumentation
{
    private const string Example = """
        {"id":"9f86d081884c7d659a2feaa0c55ad015","language":"python","cwd":"/home/user/work","state":"idle","incarnation":1,"execution_count":0,"created_at":"2026-01-31T09:30:00Z","last_used_at":"2026-01-31T09:30:00Z","expires_at":"2026-02-07T09:30:00Z","metadata":{"notebook":"report"}}
        """;

    public static RouteHandlerBuilder Document(this RouteHandlerBuilder endpoint) => endpoint
        .WithTags("contexts").WithName("create_context").WithSummary("Creates a context, whose interpreter is ready when it is answered")
        .WithDescription(
            "The id is made here. Variables of env_vars are set as long as the context lives, through hibernation, a restart and a loss; those of an execution "
            + "lie over them for its time. Every interpreter of the context begins in cwd, which is made when it is missing; a session that was "
            + "saved goes on in the directory in which it was.")
        .Accepts<CreateContextBody>("application/json")
        .Produces<ContextAnswer>(StatusCodes.Status201Created)
        .Refuses(
            StatusCodes.Status400BadRequest, StatusCodes.Status408RequestTimeout, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType)
        .AnswersWithHeader("Location", "The context's own address.", StatusCodes.Status201Created)
        .AnswersWithHeader("Context-State", "new.", StatusCodes.Status201Created)
        .AnswersWithHeader("Context-Incarnation", "1.", StatusCodes.Status201Created)
        .WithRequestExample("nothing in particular", "{}")
        .WithRequestExample(
            "everything",
            """{"language":"python","cwd":"work","env_vars":{"STAGE":"test"},"idle_timeout_ms":600000,"metadata":{"notebook":"report"}}""")
        .WithAnswerExample(StatusCodes.Status201Created, "a context that waits", Example)
        .WithAnswerExample(
            StatusCodes.Status400BadRequest, "a fault",
            """{"message":"Invalid request","errors":[{"field":"cwd","error":"must not have a part that is .."}]}""");
}

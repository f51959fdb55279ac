using Sandbox.Cluster.Api.OpenApi;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>What <c>POST /execute</c> says of itself in the OpenAPI document.</summary>
internal static class ExecuteDocumentation
{
    /// <summary>The same of <c>POST /execute/async</c>.</summary>
    public static RouteHandlerBuilder DocumentLines(this RouteHandlerBuilder endpoint) => endpoint
        .WithTags("execute").WithName("execute_async").WithSummary("Run code in a context, and take what it prints a line at a time")
        .WithDescription(
            "For clients of services that answer like this. The request, the session and the refusals are those of POST /execute; what is shown and not "
            + "printed, the value of the last expression among it, is not part of the answer.")
        .Accepts<ExecuteBody>("application/json")
        .Produces(StatusCodes.Status200OK)
        .StreamsEvents(
            "data: {type, data, code}. Type 0: a line of stdout, without its end; 1: a line of stderr; and at last 2: the exit, with code 0, or 1 for code that "
            + "raised, whose traceback is on stderr; or 3: an error, code that timed out or was interrupted among others.",
            "data: {\"type\":0,\"data\":\"hello\"}\n\ndata: {\"type\":2,\"code\":0}\n\n")
        .Produces<ExecutionBody>(StatusCodes.Status500InternalServerError)
        .Refuses(
            StatusCodes.Status400BadRequest, StatusCodes.Status408RequestTimeout, StatusCodes.Status409Conflict, StatusCodes.Status413PayloadTooLarge,
            StatusCodes.Status415UnsupportedMediaType)
        .WithRequestHeader("Idempotency-Key", "What the client calls this request: it is run once in its context.", "{\"type\":\"string\"}")
        .AnswersWithHeader("Execution-Id", "Names the execution.", StatusCodes.Status200OK)
        .WithRequestExample("Python", """{"code":"print('hello')","context_id":"report"}""");

    public static RouteHandlerBuilder Document(this RouteHandlerBuilder endpoint) => endpoint
        .WithTags("execute").WithName("execute").WithSummary("Run code in a context, and wait for all of its output")
        .WithDescription(
            "Executions of one context run one at a time, first come first served. 200: the code ran, and what it did, an exception or a timeout "
            + "among others, is in error. 500: the platform lost something, and error says what; whether the code ran is said there too. "
            + "A client that goes away interrupts its execution. With Accept: text/event-stream the answer is a stream of events from the moment the "
            + "code starts; what is refused before, or lost by the platform, is answered in JSON all the same. With Prefer: respond-async "
            + "it is 202 once the code is accepted, and Location says where the answer will be: the client may leave. "
            + "With an Idempotency-Key (1 to 255 visible characters of ASCII) the same request is run once in its context: again, it gets the stored answer, with "
            + "Idempotent-Replayed; while it runs 409 with Retry-After, and with another body 409. Answers to what was not run are not stored. The last 64 "
            + "keys are as lasting as the state: what was rolled back or lost runs again.")
        .Accepts<ExecuteBody>("application/json")
        .Produces<ExecutionBody>()
        .StreamsEvents(
            "start {context_id, execution_id, execution_count}; stdout {text} and stderr {text}, chunks with their line ends; item, as in items, with "
            + "replaces: the id of the event whose item it takes the place of; error, as in error; end, the Execution without items and logs, with "
            + "context_state, context_incarnation and context_restored_to as its headers would be. A stream that closes without end was cut.",
            "id: 1\nevent: start\ndata: {\"context_id\":\"report\",\"execution_id\":\"5e0c\",\"execution_count\":1}\n\n"
            + "id: 2\nevent: stdout\ndata: {\"text\":\"hello\\n\"}\n\n"
            + "id: 3\nevent: end\ndata: {\"context_id\":\"report\",\"execution_count\":1,\"context_state\":\"new\",\"context_incarnation\":1}\n\n")
        .Produces<ExecutionBody>(StatusCodes.Status500InternalServerError)
        .Produces<PendingAnswer>(StatusCodes.Status202Accepted)
        .Refuses(
            StatusCodes.Status400BadRequest, StatusCodes.Status408RequestTimeout, StatusCodes.Status409Conflict, StatusCodes.Status413PayloadTooLarge,
            StatusCodes.Status415UnsupportedMediaType)
        .WithRequestHeader("Prefer", "respond-async: do not wait for the end.", "{\"type\":\"string\"}")
        .WithRequestHeader("Idempotency-Key", "What the client calls this request: it is run once in its context.", "{\"type\":\"string\"}")
        .AnswersWithHeader(
            "Execution-Id", "Names the execution.", StatusCodes.Status200OK, StatusCodes.Status202Accepted, StatusCodes.Status500InternalServerError)
        .TellsOfState(StatusCodes.Status200OK, StatusCodes.Status500InternalServerError)
        .AnswersWithHeader(
            "Idempotent-Replayed", "true: this is the stored answer to the same Idempotency-Key, and nothing was run.", StatusCodes.Status200OK, StatusCodes.Status202Accepted)
        .AnswersWithHeader("Location", "Where the Execution will be.", StatusCodes.Status202Accepted)
        .AnswersWithHeader("Preference-Applied", "respond-async", StatusCodes.Status202Accepted)
        .WithAnswerExample(StatusCodes.Status202Accepted, "accepted", """{"context_id":"report","execution_id":"5e0c"}""")
        .WithRequestExample("Python", """{"code":"import pandas as pd\nprint(\"hello\")\npd.Series([1, 2, 3]).sum() * 7","context_id":"report"}""")
        .WithRequestExample("TypeScript, with a limit and an environment", """{"code":"process.env.NAME","language":"typescript","env_vars":{"NAME":"value"},"timeout_ms":5000}""")
        .WithAnswerExample(
            StatusCodes.Status200OK,
            "a value and a line",
            """{"context_id":"report","items":[{"is_primary":true,"text":"42"}],"logs":{"stdout":["hello"],"stderr":[]},"execution_count":1}""")
        .WithAnswerExample(
            StatusCodes.Status200OK,
            "code that raised",
            """{"context_id":"report","items":[],"logs":{"stdout":[],"stderr":[]},"error":{"name":"ZeroDivisionError","value":"division by zero","traceback":"Traceback (most recent call last):\n  Cell In[2], line 1\n    1/0\nZeroDivisionError: division by zero"},"execution_count":2}""")
        .WithAnswerExample(
            StatusCodes.Status500InternalServerError,
            "state that was lost between two calls",
            """{"context_id":"report","items":[],"logs":{"stdout":[],"stderr":[]},"error":{"name":"ContextLost","value":"The context's interpreter was lost and its state with it. The code was not run; the next call runs in a new interpreter."}}""")
        .WithAnswerExample(
            StatusCodes.Status409Conflict, "a key that is in use", """{"message":"An execution with this Idempotency-Key waits or runs."}""")
        .WithAnswerExample(
            StatusCodes.Status400BadRequest, "a fault", """{"message":"Invalid request","errors":[{"field":"code","error":"is required"}]}""");
}

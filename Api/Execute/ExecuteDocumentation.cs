using Sandbox.Cluster.Api.OpenApi;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>What <c>POST /execute</c> says of itself in the OpenAPI document.</summary>
internal static class ExecuteDocumentation
{
    public static RouteHandlerBuilder Document(this RouteHandlerBuilder endpoint) => endpoint
        .WithTags("execute").WithName("execute").WithSummary("Run code in a context, and wait for all of its output")
        .WithDescription(
            "Executions of one context run one at a time, first come first served. 200: the code ran, and what it did, an exception or a timeout "
            + "among others, is in error. 500: the platform lost something, and error says what; whether the code ran is said there too. "
            + "A client that goes away interrupts its execution. With Accept: text/event-stream the answer is a stream of events from the moment the "
            + "code starts; what is refused before, or lost by the platform, is answered in JSON all the same.")
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
        .Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType)
        .AnswersWithHeader("Execution-Id", "Names the execution.", StatusCodes.Status200OK, StatusCodes.Status500InternalServerError)
        .AnswersWithHeader(
            "Context-State",
            "new: this call created the context; kept: the state is what the answer before left; lost: what was there is gone.",
            StatusCodes.Status200OK,
            StatusCodes.Status500InternalServerError)
        .AnswersWithHeader(
            "Context-Incarnation",
            "1, and one more whenever the line of the context's state was broken.",
            StatusCodes.Status200OK,
            StatusCodes.Status500InternalServerError)
        .WithRequestExample("Python", """{"code":"import pandas as pd\nprint(\"hello\")\npd.Series([1, 2, 3]).sum() * 7","context_id":"report"}""")
        .WithRequestExample("TypeScript, with a limit and an environment", """{"code":"process.env.NAME","language":"typescript","env_vars":{"NAME":"value"},"timeout_ms":5000}""")
        .WithAnswerExample(
            StatusCodes.Status200OK,
            "a value and a line",
            """{"context_id":"report","items":[{"is_primary":true,"text":"42"}],"logs":{"stdout":["hello"],"stderr":[]},"execution_count":1}""")
        .WithAnswerExample(
            StatusCodes.Status200OK,
            "code that raised",
            """{"context_id":"report","items":[],"logs":{"stdout":[],"stderr":[]},"error":{"name":"ZeroDivisionError","value":"division by zero","traceback":"Traceback (most recent call last):\n  Line 1, in <module>\n    1/0\nZeroDivisionError: division by zero"},"execution_count":2}""")
        .WithAnswerExample(
            StatusCodes.Status500InternalServerError,
            "state that was lost between two calls",
            """{"context_id":"report","items":[],"logs":{"stdout":[],"stderr":[]},"error":{"name":"ContextLost","value":"The context's interpreter was lost and its state with it. The code was not run; the next call runs in a new interpreter."}}""")
        .WithAnswerExample(
            StatusCodes.Status400BadRequest, "a fault", """{"message":"Invalid request","errors":[{"field":"code","error":"is required"}]}""");
}

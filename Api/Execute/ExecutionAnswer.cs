using System.Globalization;
using System.Text.Json;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>An Execution of the contract: status, headers and JSON.</summary>
internal sealed class ExecutionAnswer(string contextId, string executionId, ExecutionResult? result, ExecutionError? error) : IResult
{
    public ExecutionAnswer(string contextId, string executionId, ExecutionResult result)
        : this(contextId, executionId, result, result.Error)
    {
    }

    /// <summary>The answer to this execution, or the stored one of another.</summary>
    public static ExecutionAnswer Of(HttpResponse response, string contextId, string executionId, ExecutionEnded ended)
    {
        if (ended.StoredOf is not { } first || first == executionId)
            return new ExecutionAnswer(contextId, executionId, ended.Result);
        response.Headers[IdempotencyHeader.Replayed] = "true";
        return new ExecutionAnswer(contextId, first, ended.Result);
    }

    /// <summary>Nobody knows how far the code got, and so nothing is said of the context's state either.</summary>
    public static ExecutionAnswer SiloUnavailable(string contextId, string executionId) => new(contextId, executionId, null, SiloIsGone);

    /// <summary>What is said then.</summary>
    public static ExecutionError SiloIsGone { get; } =
        ExecutionError.Of(ErrorKind.SiloUnavailable, "The silo that ran the code is gone. It is not known how far the code got.");

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = StatusOf(error?.Kind);
        response.ContentType = "application/json; charset=utf-8";
        response.Headers["Execution-Id"] = executionId;
        if (result is { State: { } state })
        {
            response.Headers["Context-Incarnation"] = result.Incarnation.ToString(CultureInfo.InvariantCulture);
            response.Headers["Context-State"] = NameOf(state);
            if (result.RestoredTo is { } count)
                response.Headers["Context-Restored-To"] = count.ToString(CultureInfo.InvariantCulture);
        }
        await using (var json = new Utf8JsonWriter(response.BodyWriter, ApiJson.Writer))
            Write(json);
        await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("context_id"u8, contextId);
        json.WriteStartArray("items"u8);
        foreach (var item in result?.Items ?? [])
        {
            json.WriteStartObject();
            ItemJson.WriteMembers(json, item);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("logs"u8);
        WriteLines(json, "stdout"u8, result?.Stdout);
        WriteLines(json, "stderr"u8, result?.Stderr);
        json.WriteEndObject();
        if (error is not null)
        {
            json.WritePropertyName("error"u8);
            ErrorJson.Write(json, error);
        }
        if (result?.ExecutionCount is { } count)
            json.WriteNumber("execution_count"u8, count);
        json.WriteEndObject();
    }

    private static void WriteLines(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string>? lines)
    {
        json.WriteStartArray(name);
        foreach (var line in lines ?? [])
            json.WriteStringValue(line);
        json.WriteEndArray();
    }

    /// <summary>200 for what the code did, 500 for what the platform lost: a 5xx invites clients to send the code again.</summary>
    public static int StatusOf(ErrorKind? kind) => kind switch
    {
        null or ErrorKind.Raised or ErrorKind.TimedOut or ErrorKind.Interrupted or ErrorKind.InterpreterExited
            or ErrorKind.MemoryLimitExceeded
            => StatusCodes.Status200OK,
        ErrorKind.ContextLost or ErrorKind.SiloUnavailable or ErrorKind.InternalError
            => StatusCodes.Status500InternalServerError,
        _ => throw new InvalidOperationException($"The error kind {kind} has no status."),
    };

    public static string NameOf(ContextState state) => state switch
    {
        ContextState.New => "new",
        ContextState.Kept => "kept",
        ContextState.Restored => "restored",
        ContextState.RolledBack => "rolled-back",
        ContextState.Lost => "lost",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Api.OpenApi;

// What is read and written by hand, as types that the document is made of. The tests hold real requests and answers
// against it.

/// <summary>The body of <c>POST /execute</c>.</summary>
internal sealed record ExecuteBody(
    [property: Description("Source code, at most 1 MiB of UTF-8. Empty or blank does nothing.")]
    string Code,
    [property: Description("The context to run in. An unknown one is created; without one a new context gets an id that nobody guesses.")]
    [property: RegularExpression("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
    string? ContextId,
    [property: Description("One of python, py, python3, typescript, ts, javascript, js, bun, node, in any letter case. By default the context's own, and python for a new one.")]
    string? Language,
    [property: Description("Environment variables of this execution alone: at most 256 and 64 KiB, names as ^[A-Za-z_][A-Za-z0-9_]*$.")]
    IReadOnlyDictionary<string, string>? EnvVars,
    [property: Description("Milliseconds, from the moment the code starts. By default 30000, at most 1 h, unless the service is configured otherwise.")]
    [property: Range(1, 86_400_000)]
    int? TimeoutMs);

/// <summary>What an execution left.</summary>
internal sealed record ExecutionBody(
    [property: Description("The context that it belongs to.")]
    string ContextId,
    [property: Description("Rich output, in order of appearance.")]
    IReadOnlyList<ItemBody> Items,
    [property: Description("Printed lines, without their line ends.")]
    LogsBody Logs,
    [property: Description("Why the code did not run to its end; absent when it did.")]
    ErrorBody? Error,
    [property: Description("1 for a context's first execution, then one more; absent when the code was not run.")]
    int? ExecutionCount);

/// <summary>One rich output; a member for each of its forms.</summary>
internal sealed record ItemBody(
    [property: Description("Whether it is the value of the trailing expression.")]
    bool IsPrimary,
    [property: Description("text/plain")] string? Text,
    [property: Description("text/html")] string? Html,
    [property: Description("text/markdown")] string? Markdown,
    [property: Description("image/svg+xml")] string? Svg,
    [property: Description("image/png in base64")] string? Png,
    [property: Description("image/jpeg in base64")] string? Jpeg,
    [property: Description("application/pdf in base64")] string? Pdf,
    [property: Description("text/latex")] string? Latex,
    [property: Description("application/json, when it is an object")] IReadOnlyDictionary<string, object>? Json,
    [property: Description("application/javascript")] string? Javascript,
    [property: Description("Every other MIME type, by its name")] IReadOnlyDictionary<string, object>? Extra);

/// <summary>What was printed.</summary>
internal sealed record LogsBody(
    [property: Description("Lines of standard output")] IReadOnlyList<string> Stdout,
    [property: Description("Lines of standard error")] IReadOnlyList<string> Stderr);

/// <summary>Why code did not run to its end.</summary>
internal sealed record ErrorBody(
    [property: Description("The language's own name, or TimeoutError, Interrupted, MemoryLimitExceeded, InterpreterExited (status 200), ContextLost, SiloUnavailable, InternalError (status 500).")]
    string Name,
    [property: Description("The message.")] string Value,
    [property: Description("Plain text, with the code's own line numbers.")] string? Traceback);

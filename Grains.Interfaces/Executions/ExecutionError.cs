namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>Why an execution did not run to its end.</summary>
/// <param name="Kind">Who is at fault; decides the HTTP status, which the name alone cannot: user code may raise any name.</param>
/// <param name="Name">The language's own name for <see cref="ErrorKind.Raised"/>, otherwise the kind's.</param>
/// <param name="Value">The message.</param>
/// <param name="Traceback">Plain text, the user's own lines; null when there is none.</param>
[GenerateSerializer, Immutable, Alias("ExecutionError")]
public sealed record ExecutionError(
    [property: Id(0)] ErrorKind Kind,
    [property: Id(1)] string Name,
    [property: Id(2)] string Value,
    [property: Id(3)] string? Traceback)
{
    /// <summary>The kind alone: name, value and traceback may be a tenant's.</summary>
    public override string ToString() => $"{nameof(ExecutionError)} {Kind}";

    /// <summary>An error of the platform's own vocabulary.</summary>
    public static ExecutionError Of(ErrorKind kind, string value, string? traceback = null) => new(kind, kind switch
    {
        ErrorKind.TimedOut => "TimeoutError",
        _ => kind.ToString(),
    }, value, traceback);
}

/// <summary>The closed vocabulary of ways in which an execution fails. The HTTP contract gives each its status.</summary>
[GenerateSerializer, Alias("ErrorKind")]
public enum ErrorKind
{
    /// <summary>The code raised.</summary>
    Raised = 0,

    /// <summary>The execution's own time ran out, and it was interrupted. Its name is <c>TimeoutError</c>.</summary>
    TimedOut = 1,

    /// <summary>A client interrupted it or went away, or its silo is shutting down.</summary>
    Interrupted = 2,

    /// <summary>The code ended the interpreter's process.</summary>
    InterpreterExited = 3,

    /// <summary>The state was lost between two calls; the code was not run.</summary>
    ContextLost = 4,

    /// <summary>The silo died while the code ran; how far it got is not known.</summary>
    SiloUnavailable = 5,

    /// <summary>Any other fault of the platform.</summary>
    InternalError = 6,

    /// <summary>The context's memory limit was reached.</summary>
    MemoryLimitExceeded = 7,
}

using Sandbox.Cluster.Grains.Interfaces.Inquiries;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>
/// One interpreter: a process that runs the code of one context, one execution at a time. Disposing it ends every process
/// it started, and is the only way to end it.
/// </summary>
public interface IInterpreter : IAsyncDisposable
{
    /// <summary>Completes, and never faults, when the interpreter is gone.</summary>
    Task<InterpreterEnd> Ended { get; }

    /// <summary>
    /// Runs code and completes when the driver says it is done, or the interpreter is gone. Never faults. At most one at a
    /// time; it is stopped by <see cref="InterruptAsync"/> or by disposing the interpreter.
    /// </summary>
    Task<InterpreterReply> ExecuteAsync(InterpreterCommand command, IOutputSink output);

    /// <summary>
    /// Asks the live session, at a time at which nothing runs in it; null when the interpreter is gone. Never faults. It is
    /// stopped as an execution is.
    /// </summary>
    Task<InquiryReply?> AskAsync(InquiryCommand command);

    /// <summary>Asks the code to stop. Without effect when that execution, or inquiry, is not running any more.</summary>
    Task InterruptAsync(string executionId, InterruptRung rung);
}

/// <summary>The rungs of the interrupt ladder below ending the interpreter.</summary>
public enum InterruptRung
{
    /// <summary>What Ctrl-C does: user code may handle it.</summary>
    Ask = 1,

    /// <summary>What <c>except Exception</c> does not catch.</summary>
    Insist = 2,
}

/// <summary>What an interpreter is asked to run.</summary>
/// <param name="ExecutionId">1 to 64 of <c>[A-Za-z0-9_-]</c>.</param>
/// <param name="Count">The execution counter, shown in tracebacks.</param>
/// <param name="Code">Source code.</param>
/// <param name="Environment">Set for this execution only.</param>
public sealed record InterpreterCommand(
    string ExecutionId, int Count, string Code, IReadOnlyDictionary<string, string>? Environment)
{
    /// <summary>Without the code and its environment, which are a tenant's.</summary>
    public override string ToString() => $"{nameof(InterpreterCommand)} {ExecutionId}";
}

/// <summary>How an execution ended, as the interpreter tells it.</summary>
/// <param name="Error">What the code raised; null when it ran to its end or the interpreter is gone.</param>
/// <param name="End">How the interpreter ended; null when it lives.</param>
/// <param name="Started">False when it is known that the interpreter ended before it was given the code.</param>
public sealed record InterpreterReply(RaisedError? Error, InterpreterEnd? End, bool Started = true);

/// <summary>What user code raised.</summary>
/// <param name="Name">The name of its type.</param>
/// <param name="Value">Its message.</param>
/// <param name="Traceback">Plain text.</param>
/// <param name="IsOutOfMemory">The language's own word for a memory limit that was reached.</param>
public sealed record RaisedError(string Name, string Value, string Traceback, bool IsOutOfMemory = false)
{
    /// <summary>The name alone of the type: what it holds is a tenant's.</summary>
    public override string ToString() => nameof(RaisedError);
}

/// <summary>Receives an execution's output while it runs. Called from one thread at a time, never after the execution ended.</summary>
public interface IOutputSink
{
    /// <summary>A piece of stdout.</summary>
    void Stdout(string text);

    /// <summary>A piece of stderr.</summary>
    void Stderr(string text);

    /// <summary>Bytes of a stream that were not kept.</summary>
    void Dropped(bool ofStderr, long bytes);

    /// <summary>A rich item.</summary>
    void Item(InterpreterItem item);
}

/// <summary>A rich item as the driver sent it.</summary>
/// <param name="IsPrimary">The value of the trailing expression.</param>
/// <param name="DisplayId">Names the item for later updates; null when it has no name.</param>
/// <param name="IsUpdate">Replaces the item of the same name.</param>
/// <param name="Data">A JSON object in UTF-8: MIME type to value.</param>
public sealed record InterpreterItem(bool IsPrimary, string? DisplayId, bool IsUpdate, byte[] Data);

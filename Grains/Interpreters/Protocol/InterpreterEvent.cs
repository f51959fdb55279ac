using Sandbox.Cluster.Grains.Interfaces.Inquiries;

namespace Sandbox.Cluster.Grains.Interpreters.Protocol;

/// <summary>What comes from an interpreter's supervisor, after every check of <c>drivers/PROTOCOL.md</c>.</summary>
internal abstract record InterpreterEvent;

internal sealed record Hello(string Language, string Version, bool IsRestored) : InterpreterEvent;

/// <summary>The launcher's answer to who opens a home.</summary>
internal sealed record Opened(string Home, bool IsWarm) : InterpreterEvent;

internal sealed record Output(string ExecutionId, bool IsStderr, string Text) : InterpreterEvent;

internal sealed record Dropped(string ExecutionId, bool OfStderr, long Bytes) : InterpreterEvent;

internal sealed record Item(string ExecutionId, InterpreterItem Value) : InterpreterEvent;

internal sealed record Done(string ExecutionId, RaisedError? Error) : InterpreterEvent;

internal sealed record Answered(string InquiryId, InquiryReply Reply) : InterpreterEvent;

internal sealed record Ended(string? ExecutionId, InterpreterEnd End) : InterpreterEvent;

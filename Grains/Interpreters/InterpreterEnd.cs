using System.Globalization;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>How an interpreter came to its end.</summary>
/// <param name="Reason">The kind of end.</param>
/// <param name="Code">The exit code, for <see cref="InterpreterEndReason.Exited"/>.</param>
/// <param name="Signal">The signal's number, for <see cref="InterpreterEndReason.Signaled"/>.</param>
/// <param name="Detail">
/// For <see cref="InterpreterEndReason.Protocol"/>: how the protocol was broken; for <see cref="InterpreterEndReason.Restore"/>:
/// why not. Never tenant text.
/// </param>
public sealed record InterpreterEnd(InterpreterEndReason Reason, int? Code = null, int? Signal = null, string? Detail = null)
{
    /// <summary>Whether it ended through no doing of the code's.</summary>
    public bool IsOfThePlatform => Reason is InterpreterEndReason.Closed or InterpreterEndReason.ConnectionLost;

    /// <summary>A clause for an error message: "it exited with code 3".</summary>
    public string Describe() => Reason switch
    {
        InterpreterEndReason.Exited => string.Create(CultureInfo.InvariantCulture, $"it exited with code {Code}"),
        InterpreterEndReason.Signaled => string.Create(CultureInfo.InvariantCulture, $"it was ended by {SignalName(Signal)}"),
        InterpreterEndReason.Protocol => "it broke the driver protocol",
        InterpreterEndReason.MemoryLimit => "it was ended because the context's memory limit was reached",
        InterpreterEndReason.Restore => "its session could not be restored",
        InterpreterEndReason.Closed => "it was ended by the platform",
        InterpreterEndReason.ConnectionLost => "its supervisor is gone",
        _ => throw new ArgumentOutOfRangeException(nameof(Reason), Reason, null),
    };

    private static string SignalName(int? signal) => signal switch
    {
        4 => "signal 4 (illegal instruction)",
        6 => "signal 6 (abort)",
        7 => "signal 7 (bus error)",
        8 => "signal 8 (arithmetic fault)",
        9 => "signal 9 (kill)",
        11 => "signal 11 (segmentation fault)",
        15 => "signal 15 (terminate)",
        _ => string.Create(CultureInfo.InvariantCulture, $"signal {signal}"),
    };
}

/// <summary>The kinds of end.</summary>
public enum InterpreterEndReason
{
    /// <summary>The driver's process exited.</summary>
    Exited,

    /// <summary>A signal ended the driver's process.</summary>
    Signaled,

    /// <summary>The driver broke the protocol and was ended for it.</summary>
    Protocol,

    /// <summary>The context's memory limit was reached, and the kernel ended the driver.</summary>
    MemoryLimit,

    /// <summary>The session that it was to begin with could not be restored.</summary>
    Restore,

    /// <summary>The host hung up.</summary>
    Closed,

    /// <summary>The connection broke without a word.</summary>
    ConnectionLost,
}

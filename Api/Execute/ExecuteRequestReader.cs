using System.Globalization;
using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>Reads the body of <c>POST /execute</c> and finds every fault at once.</summary>
internal static class ExecuteRequestReader
{
    /// <summary>Bytes of UTF-8 that <c>code</c> may have.</summary>
    public const int MaxCodeBytes = 1 << 20;

    /// <summary>Bytes of a body: code whose every byte is escaped as six, and room for the rest.</summary>
    public const int MaxBodyBytes = 8 << 20;

    private static readonly HashSet<string> Known = ["code", "context_id", "language", "env_vars", "timeout_ms"];

    private static readonly Dictionary<string, Language> Languages = new(StringComparer.OrdinalIgnoreCase)
    {
        ["python"] = Language.Python,
        ["py"] = Language.Python,
        ["python3"] = Language.Python,
        ["typescript"] = Language.TypeScript,
        ["ts"] = Language.TypeScript,
        ["javascript"] = Language.TypeScript,
        ["js"] = Language.TypeScript,
        ["bun"] = Language.TypeScript,
        ["node"] = Language.TypeScript,
    };

    /// <summary>The outcome: a request, or the faults, or code that is too large (413 in the contract, not a fault of 400).</summary>
    public readonly record struct Outcome(ExecuteRequest? Request, IReadOnlyList<FieldError> Faults, bool CodeTooLarge);

    public static Outcome Read(ReadOnlyMemory<byte> body, ExecuteLimits limits)
    {
        var faults = new List<FieldError>();
        var codeTooLarge = false;
        var request = JsonObject.Read(body, Known, faults, members =>
        {
            var code = JsonObject.ReadRequiredString("code", members, faults);
            codeTooLarge = IsTooLarge(code);
            return new ExecuteRequest(
                code ?? "",
                ReadContextId(members, faults),
                ReadLanguage(members, faults),
                EnvironmentVariablesReader.Read(members, faults),
                ReadTimeout(members, limits, faults));
        });
        return new Outcome(faults.Count == 0 && !codeTooLarge ? request : null, faults, codeTooLarge);
    }

    /// <summary>413 in the contract, not a fault of 400.</summary>
    public static bool IsTooLarge(string? code) => code is not null && Encoding.UTF8.GetByteCount(code) > MaxCodeBytes;

    private static string? ReadContextId(Dictionary<string, JsonElement> members, List<FieldError> faults)
    {
        if (!members.TryGetValue("context_id", out var value) || JsonObject.ReadString("context_id", value, faults) is not { } id)
            return null;
        if (!ContextId.IsValid(id))
            faults.Add(ContextId.Fault);
        return id;
    }

    /// <summary>The member <c>language</c>; null when there is none, or, with a fault, none of that name.</summary>
    public static Language? ReadLanguage(Dictionary<string, JsonElement> members, List<FieldError> faults)
    {
        if (!members.TryGetValue("language", out var value) || JsonObject.ReadString("language", value, faults) is not { } name)
            return null;
        if (Languages.TryGetValue(name, out var language))
            return language;
        faults.Add(new FieldError("language", $"must be one of {string.Join(", ", Languages.Keys)}"));
        return null;
    }

    private static TimeSpan ReadTimeout(Dictionary<string, JsonElement> members, ExecuteLimits limits, List<FieldError> faults)
    {
        if (!members.TryGetValue("timeout_ms", out var value))
            return limits.DefaultTimeout;
        var max = (long)limits.MaxTimeout.TotalMilliseconds;
        if (JsonObject.TryReadInteger(value, 1, max, out var milliseconds))
            return TimeSpan.FromMilliseconds(milliseconds);
        faults.Add(new FieldError("timeout_ms", string.Create(CultureInfo.InvariantCulture, $"must be an integer from 1 to {max}")));
        return default;
    }
}

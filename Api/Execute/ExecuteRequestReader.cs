using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>
/// Reads the body of <c>POST /execute</c> and finds every fault at once. Reads JSON by hand, because a deserializer stops
/// at the first fault and speaks of types that are none of a client's business.
/// </summary>
internal static class ExecuteRequestReader
{
    /// <summary>Bytes of UTF-8 that <c>code</c> may have.</summary>
    public const int MaxCodeBytes = 1 << 20;

    /// <summary>Bytes of a body: code whose every byte is escaped as six, and room for the rest.</summary>
    public const int MaxBodyBytes = 8 << 20;

    private const int MaxDepth = 32;

    private const string WholeBody = "body";

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth };

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
        if (!Utf8.IsValid(body.Span))
        {
            faults.Add(new FieldError(WholeBody, "is not UTF-8"));
            return new Outcome(null, faults, CodeTooLarge: false);
        }
        try
        {
            using var document = JsonDocument.Parse(WithoutByteOrderMark(body), Options);
            return Read(document.RootElement, limits, faults);
        }
        catch (JsonException e)
        {
            faults.Add(new FieldError(WholeBody, DescribeSyntaxError(e)));
            return new Outcome(null, faults, CodeTooLarge: false);
        }
    }

    private static Outcome Read(JsonElement body, ExecuteLimits limits, List<FieldError> faults)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new FieldError(WholeBody, $"must be a JSON object, not {JsonText.Describe(body)}"));
            return new Outcome(null, faults, CodeTooLarge: false);
        }

        var members = MembersOf(body, faults);
        var code = ReadCode(members, faults, out var codeTooLarge);
        var request = new ExecuteRequest(
            code ?? "",
            ReadContextId(members, faults),
            ReadLanguage(members, faults),
            EnvironmentVariablesReader.Read(members, faults),
            ReadTimeout(members, limits, faults));
        return faults.Count == 0 && !codeTooLarge
            ? new Outcome(request, faults, CodeTooLarge: false)
            : new Outcome(null, faults, codeTooLarge);
    }

    /// <summary>The members; one that appears twice is a fault, because nobody can say which was meant.</summary>
    private static Dictionary<string, JsonElement> MembersOf(JsonElement body, List<FieldError> faults)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        // One fault a name, and one for all the names that are not ours to repeat.
        var repeated = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var member in body.EnumerateObject())
        {
            if (JsonText.NameOf(member) is { } name && !members.TryAdd(name, member.Value))
                repeated.Add(Known.Contains(name) ? name : WholeBody);
        }
        faults.AddRange(repeated.Select(name => new FieldError(
            name, name == WholeBody ? "holds a member more than once" : "appears more than once")));
        return members;
    }

    private static string? ReadCode(Dictionary<string, JsonElement> members, List<FieldError> faults, out bool tooLarge)
    {
        tooLarge = false;
        if (!members.TryGetValue("code", out var value))
        {
            faults.Add(new FieldError("code", "is required"));
            return null;
        }
        var code = ReadString("code", value, faults);
        tooLarge = code is not null && Encoding.UTF8.GetByteCount(code) > MaxCodeBytes;
        return code;
    }

    private static string? ReadContextId(Dictionary<string, JsonElement> members, List<FieldError> faults)
    {
        if (!members.TryGetValue("context_id", out var value) || ReadString("context_id", value, faults) is not { } id)
            return null;
        if (!ContextIds.IsValid(id))
        {
            faults.Add(new FieldError(
                "context_id", "must be 1 to 128 letters, digits, dots, underscores and hyphens, and begin with a letter or digit"));
        }
        return id;
    }

    private static Language? ReadLanguage(Dictionary<string, JsonElement> members, List<FieldError> faults)
    {
        if (!members.TryGetValue("language", out var value) || ReadString("language", value, faults) is not { } name)
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
        // JSON knows no integers: 30000.0 and 3e4 are the same number.
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && decimal.IsInteger(number)
            && number >= 1 && number <= max)
        {
            return TimeSpan.FromMilliseconds((double)number);
        }
        faults.Add(new FieldError("timeout_ms", string.Create(CultureInfo.InvariantCulture, $"must be an integer from 1 to {max}")));
        return default;
    }

    private static string? ReadString(string field, JsonElement value, List<FieldError> faults)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            faults.Add(new FieldError(field, $"must be a string, not {JsonText.Describe(value)}"));
            return null;
        }
        var text = JsonText.StringOf(value);
        if (text is null)
            faults.Add(new FieldError(field, "must be Unicode text: it holds a surrogate without its pair"));
        return text;
    }

    private static string DescribeSyntaxError(JsonException e) => e.LineNumber is { } line && e.BytePositionInLine is { } position
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"is not JSON of at most {MaxDepth} levels: the fault is at line {line + 1}, byte {position + 1}")
        : $"is not JSON of at most {MaxDepth} levels";

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;
}

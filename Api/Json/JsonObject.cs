using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Json;

/// <summary>
/// Reads the body of a request by hand, and finds every fault at once: a deserializer stops at the first one and speaks of types
/// that are none of a client's business.
/// </summary>
internal static class JsonObject
{
    private const int MaxDepth = 32;
    private const string WholeBody = "body";
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>What <paramref name="read"/> makes of the members; null, with a fault, when the body is no JSON object.</summary>
    public static T? Read<T>(
        ReadOnlyMemory<byte> body, IReadOnlySet<string> known, List<FieldError> faults, Func<Dictionary<string, JsonElement>, T?> read)
        where T : class
    {
        if (!Utf8.IsValid(body.Span))
        {
            faults.Add(new FieldError(WholeBody, "is not UTF-8"));
            return null;
        }
        try
        {
            using var document = JsonDocument.Parse(WithoutByteOrderMark(body), Options);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return read(MembersOf(document.RootElement, known, faults));
            faults.Add(new FieldError(WholeBody, $"must be a JSON object, not {JsonText.Describe(document.RootElement)}"));
        }
        catch (JsonException e)
        {
            faults.Add(new FieldError(WholeBody, DescribeSyntaxError(e)));
        }
        return null;
    }

    /// <summary>A member that has to be text; null, with a fault, when it is not.</summary>
    public static string? ReadString(string field, JsonElement value, List<FieldError> faults)
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

    /// <summary>A member that has to be there and to be text.</summary>
    public static string? ReadRequiredString(string field, Dictionary<string, JsonElement> members, List<FieldError> faults)
    {
        if (members.TryGetValue(field, out var value))
            return ReadString(field, value, faults);
        faults.Add(new FieldError(field, "is required"));
        return null;
    }

    /// <summary>An integer within bounds. JSON knows none: 30000.0 and 3e4 are the same number.</summary>
    public static bool TryReadInteger(JsonElement value, long min, long max, out long integer)
    {
        integer = 0;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDecimal(out var number) || !decimal.IsInteger(number) || number < min || number > max)
            return false;
        integer = (long)number;
        return true;
    }

    /// <summary>The members; one that appears twice is a fault, because nobody can say which was meant.</summary>
    private static Dictionary<string, JsonElement> MembersOf(JsonElement body, IReadOnlySet<string> known, List<FieldError> faults)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        // One fault a name, and one for all the names that are not ours to repeat.
        var repeated = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var member in body.EnumerateObject())
        {
            if (JsonText.NameOf(member) is { } name && !members.TryAdd(name, member.Value))
                repeated.Add(known.Contains(name) ? name : WholeBody);
        }
        faults.AddRange(repeated.Select(name => new FieldError(
            name, name == WholeBody ? "holds a member more than once" : "appears more than once")));
        return members;
    }

    private static string DescribeSyntaxError(JsonException e) => e.LineNumber is { } line && e.BytePositionInLine is { } position
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"is not JSON of at most {MaxDepth} levels: the fault is at line {line + 1}, byte {position + 1}")
        : $"is not JSON of at most {MaxDepth} levels";

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;
}

using System.Runtime.InteropServices;
using System.Text.Json;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;

namespace Sandbox.Cluster.Grains.Interpreters.Protocol;

/// <summary>
/// Turns a frame into an event. The driver is tenant input and its supervisor may share its fate, so every member is
/// checked here as if nobody had before.
/// </summary>
internal static class EventReader
{
    private const int ProtocolVersion = 1;
    private const int MaxDisplayIdLength = 256;
    private const int MaxErrorNameLength = 256;
    private const int MaxMatches = 1000;
    private const int MaxRepresentations = 16;
    private const int MaxAnswerLength = 64 << 10;

    /// <exception cref="ProtocolException">The frame is no event of the protocol.</exception>
    public static InterpreterEvent Read(JsonElement frame)
    {
        try
        {
            return Text(frame, "event") switch
            {
                "home" => new Opened(Text(frame, "home"), IsWarm: Flag(frame, "warm")),
                "hello" => ReadHello(frame),
                "stdout" => new Output(Text(frame, "id"), IsStderr: false, Text(frame, "text")),
                "stderr" => new Output(Text(frame, "id"), IsStderr: true, Text(frame, "text")),
                "dropped" => ReadDropped(frame),
                "item" => ReadItem(frame),
                "done" => ReadDone(frame),
                "completions" => ReadCompletions(frame),
                "inspection" => ReadInspection(frame),
                "ended" => ReadEnded(frame),
                _ => throw new ProtocolException("An event has no known name."),
            };
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            // A lone surrogate, or a number that is no integer.
            throw new ProtocolException("A member of an event cannot be read.", e);
        }
    }

    private static Hello ReadHello(JsonElement frame)
    {
        if (Member(frame, "protocol", JsonValueKind.Number).GetInt32() != ProtocolVersion)
            throw new ProtocolException("The driver speaks another version of the protocol.");
        var language = Text(frame, "language");
        if (language is not ("python" or "typescript"))
            throw new ProtocolException("The driver names an unknown language.");
        return new Hello(language, Text(frame, "version"), IsRestored: frame.TryGetProperty("restored", out _));
    }

    private static Dropped ReadDropped(JsonElement frame)
    {
        var stream = Text(frame, "stream");
        if (stream is not ("stdout" or "stderr"))
            throw new ProtocolException("An unknown stream is named.");
        return new Dropped(Text(frame, "id"), stream == "stderr", Member(frame, "bytes", JsonValueKind.Number).GetInt64());
    }

    private static Item ReadItem(JsonElement frame)
    {
        var data = Member(frame, "data", JsonValueKind.Object);
        foreach (var representation in data.EnumerateObject())
            CheckRepresentation(representation);
        var displayId = frame.TryGetProperty("display_id", out _) ? Text(frame, "display_id") : null;
        if (displayId is { Length: > MaxDisplayIdLength })
            throw new ProtocolException("A display_id is too long.");
        return new Item(
            Text(frame, "id"),
            new InterpreterItem(
                Flag(frame, "primary"),
                displayId,
                Flag(frame, "update"),
                JsonMarshal.GetRawUtf8Value(data).ToArray()));
    }

    private static void CheckRepresentation(JsonProperty representation)
    {
        if (MediaTypes.IsJson(representation.Name))
            CheckStrings(representation.Value);
        else if (representation.Value.ValueKind != JsonValueKind.String)
            throw new ProtocolException("A representation of an item is not a string.");
        else
            representation.Value.GetString();
    }

    /// <summary>Reads every string once: an escaped lone surrogate only shows when it is read.</summary>
    private static void CheckStrings(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var element in value.EnumerateArray())
                    CheckStrings(element);
                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    _ = member.Name;
                    CheckStrings(member.Value);
                }
                break;
        }
    }

    private static Done ReadDone(JsonElement frame)
    {
        if (!frame.TryGetProperty("error", out var error))
            return new Done(Text(frame, "id"), null);
        if (error.ValueKind != JsonValueKind.Object)
            throw new ProtocolException("An error is not an object.");
        var name = Text(error, "name");
        if (name.Length > MaxErrorNameLength)
            throw new ProtocolException("An error's name is too long.");
        return new Done(Text(frame, "id"), new RaisedError(
            name, Text(error, "value"), Text(error, "traceback"), Flag(error, "memory")));
    }

    private static Answered ReadCompletions(JsonElement frame)
    {
        var matches = Member(frame, "matches", JsonValueKind.Array);
        if (matches.GetArrayLength() > MaxMatches)
            throw new ProtocolException("There are too many completions.");
        var start = Member(frame, "cursor_start", JsonValueKind.Number).GetInt32();
        var end = Member(frame, "cursor_end", JsonValueKind.Number).GetInt32();
        if (start < 0 || end < start)
            throw new ProtocolException("Completions are of nothing.");
        return new Answered(Text(frame, "id"), new Completions([.. matches.EnumerateArray().Select(ShortText)], start, end));
    }

    private static Answered ReadInspection(JsonElement frame)
    {
        var data = Member(frame, "data", JsonValueKind.Object).EnumerateObject().Take(MaxRepresentations)
            .ToDictionary(representation => representation.Name, representation => ShortText(representation.Value), StringComparer.Ordinal);
        if (!frame.TryGetProperty("found", out _))
            throw new ProtocolException("An inspection has no result.");
        return new Answered(Text(frame, "id"), new Inspection(Flag(frame, "found"), data));
    }

    private static string ShortText(JsonElement text)
    {
        var value = text.ValueKind == JsonValueKind.String ? text.GetString()! : throw new ProtocolException("An answer is no text.");
        return value.Length <= MaxAnswerLength ? value : throw new ProtocolException("An answer is too long.");
    }

    private static Ended ReadEnded(JsonElement frame)
    {
        var reason = Text(frame, "reason") switch
        {
            "exited" => InterpreterEndReason.Exited,
            "signaled" => InterpreterEndReason.Signaled,
            "protocol" => InterpreterEndReason.Protocol,
            "closed" => InterpreterEndReason.Closed,
            "memory" => InterpreterEndReason.MemoryLimit,
            "restore" => InterpreterEndReason.Restore,
            _ => throw new ProtocolException("An unknown reason is named."),
        };
        return new Ended(
            frame.TryGetProperty("id", out _) ? Text(frame, "id") : null,
            new InterpreterEnd(
                reason,
                frame.TryGetProperty("code", out var code) ? code.GetInt32() : null,
                frame.TryGetProperty("signal", out var signal) ? signal.GetInt32() : null,
                frame.TryGetProperty("detail", out _) ? Text(frame, "detail") : null));
    }

    private static string Text(JsonElement of, string name) => Member(of, name, JsonValueKind.String).GetString()!;

    private static bool Flag(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new ProtocolException($"The member '{name}' is not a boolean."),
        };

    private static JsonElement Member(JsonElement of, string name, JsonValueKind kind) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == kind
            ? value
            : throw new ProtocolException($"The member '{name}' is missing or of the wrong type.");
}

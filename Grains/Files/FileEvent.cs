using System.Text.Json;
using Sandbox.Cluster.Grains.Interfaces.Files;
using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Grains.Files;

/// <summary>What a process that serves files says, after every check of <c>drivers/PROTOCOL.md</c>.</summary>
internal abstract record FileEvent
{
    private const int MaxEntries = 500;
    private const int MaxNameLength = 255;
    private const long EarliestMs = -62_135_596_800_000;
    private const long LatestMs = 253_402_300_799_999;

    /// <exception cref="ProtocolException">The frame is no event of the protocol.</exception>
    public static FileEvent Read(JsonElement frame)
    {
        try
        {
            return Text(frame, "event") switch
            {
                "file" => new FileFound(Size(frame), Time(frame)),
                "directory" => new DirectoryFound(),
                "entries" => new EntriesRead(Entries(frame), Flag(frame, "last")),
                "ready" => new WriteReady(),
                "taken" => new PieceTaken(),
                "written" => new WriteDone(Flag(frame, "created")),
                "deleted" => new DeleteDone(),
                "failed" => new OperationFailed(Fault(Text(frame, "reason"))),
                _ => throw new ProtocolException("An event about files has no known name."),
            };
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new ProtocolException("A member of an event about files is missing or of the wrong type.", e);
        }
    }

    private static FileEntry[] Entries(JsonElement frame)
    {
        var entries = frame.GetProperty("entries");
        if (entries.GetArrayLength() > MaxEntries)
            throw new ProtocolException("Too many entries come at once.");
        return [.. entries.EnumerateArray().Select(entry => new FileEntry(Name(entry), Type(Text(entry, "type")), Size(entry), Time(entry)))];
    }

    private static string Name(JsonElement entry)
    {
        var name = Text(entry, "name");
        return name.Length is > 0 and <= MaxNameLength && name.AsSpan().IndexOfAny('/', '\0') < 0
            ? name
            : throw new ProtocolException("An entry has a name that no file has.");
    }

    private static FileType Type(string name) => name switch
    {
        "file" => FileType.File,
        "directory" => FileType.Directory,
        "symlink" => FileType.Symlink,
        "other" => FileType.Other,
        _ => throw new ProtocolException("An entry is of no known type."),
    };

    private static FileFault Fault(string reason) => reason switch
    {
        "missing" => FileFault.NotFound,
        "kind" => FileFault.WrongKind,
        "changing" => FileFault.Changing,
        "space" => FileFault.NoRoom,
        "denied" => FileFault.Denied,
        "busy" => FileFault.TooMany,
        "fault" => FileFault.Internal,
        _ => throw new ProtocolException("An unknown reason is named."),
    };

    private static long Size(JsonElement of)
    {
        var size = of.GetProperty("size").GetInt64();
        return size >= 0 ? size : throw new ProtocolException("A size is negative.");
    }

    private static DateTimeOffset Time(JsonElement of)
    {
        var milliseconds = of.GetProperty("modified_ms").GetInt64();
        return milliseconds is >= EarliestMs and <= LatestMs
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : throw new ProtocolException("A time is in no calendar.");
    }

    private static bool Flag(JsonElement of, string name) => of.GetProperty(name).GetBoolean();

    private static string Text(JsonElement of, string name) =>
        of.GetProperty(name).GetString() ?? throw new ProtocolException($"The member '{name}' is not a string.");
}

internal sealed record FileFound(long Size, DateTimeOffset ModifiedAt) : FileEvent;

internal sealed record DirectoryFound : FileEvent;

internal sealed record EntriesRead(FileEntry[] Entries, bool AreLast) : FileEvent;

internal sealed record WriteReady : FileEvent;

internal sealed record PieceTaken : FileEvent;

internal sealed record WriteDone(bool Created) : FileEvent;

internal sealed record DeleteDone : FileEvent;

internal sealed record OperationFailed(FileFault Fault) : FileEvent;

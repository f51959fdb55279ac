using System.Text;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Journal;

/// <summary>How large an answer in the journal is, and how it gets shorter.</summary>
internal static class JournalAnswer
{
    private const int MostErrorText = 4096;

    /// <summary>Bytes of what an execution left, about as many as it takes.</summary>
    public static long SizeOf(ExecutionResult result) =>
        OutputOf(result) + SizeOf(result.Error?.Name) + SizeOf(result.Error?.Value) + SizeOf(result.Error?.Traceback);

    /// <summary>The entry without what was printed and shown, and with a line that says so.</summary>
    public static JournalEntry Shorten(JournalEntry entry)
    {
        var result = entry.Result;
        if (entry.IsShort)
            return entry;
        if (OutputOf(result) is > 0 and var bytes)
            result = result with { Items = Array.Empty<OutputItem>(), Stdout = new[] { LogLines.Notice(bytes) }, Stderr = Array.Empty<string>() };
        if (result.Error is { } error)
        {
            result = result with
            {
                Error = error with { Name = Cut(error.Name)!, Value = Cut(error.Value)!, Traceback = Cut(error.Traceback) },
            };
        }
        return entry with { Result = result, IsShort = true };
    }

    private static long OutputOf(ExecutionResult result)
    {
        var bytes = 0L;
        foreach (var item in result.Items)
            bytes += item.Data.Length;
        foreach (var line in result.Stdout)
            bytes += SizeOf(line) + 1;
        foreach (var line in result.Stderr)
            bytes += SizeOf(line) + 1;
        return bytes;
    }

    private static long SizeOf(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);

    private static string? Cut(string? text) => text is null || text.Length <= MostErrorText ? text
        : text[..(char.IsHighSurrogate(text[MostErrorText - 1]) ? MostErrorText - 1 : MostErrorText)];
}

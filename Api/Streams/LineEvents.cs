using System.Text;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Streams;

/// <summary>
/// The events of <c>POST /execute/async</c>, <c>{"type", "data", "code"}</c>: a line of stdout (0), a line of stderr (1), and at last
/// the exit (2) or an error (3). As from a process: code that raises leaves its traceback on stderr and exits with 1. What is
/// shown and not printed has no place among them, and there is no header to say that a state was rolled back: a line of stderr does.
/// </summary>
internal sealed class LineEvents : IEventFormat
{
    private const int Stdout = 0;
    private const int Stderr = 1;
    private const int Exit = 2;
    private const int Error = 3;

    /// <summary>The last line of each stream, as long as it has no end.</summary>
    private readonly StringBuilder[] _open = [new(), new()];

    public void Write(ServerSentEvents stream, string contextId, string executionId, ExecutionEvent happened)
    {
        switch (happened)
        {
            case OutputEvent output:
                Print(stream, output.IsStderr ? Stderr : Stdout, output.Text);
                break;
            case EndEvent { Result: var result }:
                if (result.State == ContextState.RolledBack)
                    Print(stream, Stderr, $"[context rolled back: its state is that after execution {result.RestoredTo}]\n");
                End(stream, result.Error);
                break;
        }
    }

    public void WriteEnd(ServerSentEvents stream, string contextId, long after, ExecutionError error) => End(stream, error);

    private void Print(ServerSentEvents stream, int type, string text)
    {
        var lines = text.Split('\n');
        foreach (var line in lines[..^1])
        {
            WriteData(stream, type, _open[type].Append(line).ToString());
            _open[type].Clear();
        }
        _open[type].Append(lines[^1]);
    }

    private void End(ServerSentEvents stream, ExecutionError? error)
    {
        foreach (var type in (int[])[Stdout, Stderr])
        {
            if (_open[type].Length > 0)
                Print(stream, type, "\n");
        }
        if (error is { Kind: not ErrorKind.Raised })
        {
            WriteData(stream, Error, $"{error.Name}: {error.Value}");
            return;
        }
        if (error is not null)
            Print(stream, Stderr, (string.IsNullOrEmpty(error.Traceback) ? $"{error.Name}: {error.Value}" : error.Traceback.TrimEnd('\n')) + '\n');
        stream.Write(null, null, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("type"u8, Exit);
            json.WriteNumber("code"u8, error is null ? 0 : 1);
            json.WriteEndObject();
        });
    }

    private static void WriteData(ServerSentEvents stream, int type, string data) => stream.Write(null, null, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("type"u8, type);
        json.WriteString("data"u8, data);
        json.WriteEndObject();
    });
}

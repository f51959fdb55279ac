using System.Text;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>Collects an execution's output within the limits, and makes events of what it keeps.</summary>
internal sealed class ExecutionOutput(OutputLimits limits, ExecutionEvents events) : IOutputSink
{
    private readonly LogLines _stdout = new(limits.LineBytes, limits.StreamBytes);
    private readonly LogLines _stderr = new(limits.LineBytes, limits.StreamBytes);
    private readonly ItemList _items = new(limits.ItemBytes);
    private readonly StringBuilder _kept = new();
    private int _shown;

    public void Stdout(string text) => Print(_stdout, isStderr: false, text);

    public void Stderr(string text) => Print(_stderr, isStderr: true, text);

    public void Dropped(bool ofStderr, long bytes) => (ofStderr ? _stderr : _stdout).Drop(bytes);

    public void Item(InterpreterItem item)
    {
        var index = _items.Add(item);
        if (index >= 0)
            Show(_items[index], index);
    }

    /// <summary>The lines of stdout. Each of these is read once, when the execution has ended.</summary>
    public IReadOnlyList<string> StdoutLines() => LinesOf(_stdout, isStderr: false);

    /// <summary>The lines of stderr.</summary>
    public IReadOnlyList<string> StderrLines() => LinesOf(_stderr, isStderr: true);

    /// <summary>The rich items.</summary>
    public IReadOnlyList<OutputItem> Items()
    {
        var items = _items.ToItems();
        if (items.Count > _shown)
            Show(items[^1], items.Count - 1);
        return items;
    }

    private void Print(LogLines stream, bool isStderr, string text)
    {
        stream.Append(text, _kept);
        PassOn(isStderr);
    }

    private IReadOnlyList<string> LinesOf(LogLines stream, bool isStderr)
    {
        var lines = stream.ToLines(_kept);
        PassOn(isStderr);
        return lines;
    }

    private void PassOn(bool isStderr)
    {
        events.Print(isStderr, _kept);
        _kept.Clear();
    }

    private void Show(OutputItem item, int index)
    {
        events.Show(item, index);
        _shown = Math.Max(_shown, index + 1);
    }
}

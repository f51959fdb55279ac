using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>Collects an execution's output within the limits.</summary>
internal sealed class ExecutionOutput(OutputLimits limits) : IOutputSink
{
    private readonly LogLines _stdout = new(limits.LineBytes, limits.StreamBytes);
    private readonly LogLines _stderr = new(limits.LineBytes, limits.StreamBytes);
    private readonly ItemList _items = new(limits.ItemBytes);

    public void Stdout(string text) => _stdout.Append(text);

    public void Stderr(string text) => _stderr.Append(text);

    public void Dropped(bool ofStderr, long bytes) => (ofStderr ? _stderr : _stdout).Drop(bytes);

    public void Item(InterpreterItem item) => _items.Add(item);

    /// <summary>The lines of stdout. Each of these is read once, when the execution has ended.</summary>
    public IReadOnlyList<string> StdoutLines() => _stdout.ToLines();

    /// <summary>The lines of stderr.</summary>
    public IReadOnlyList<string> StderrLines() => _stderr.ToLines();

    /// <summary>The rich items.</summary>
    public IReadOnlyList<OutputItem> Items() => _items.ToItems();
}

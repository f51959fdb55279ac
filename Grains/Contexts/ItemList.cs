using System.Text;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// The rich items of one execution: in order of appearance, an update in the place of what it updates, and what went over
/// the limit counted and said in a last item.
/// </summary>
internal sealed class ItemList(int maxBytes)
{
    // What an item costs beside its data, so that a million empty ones are no way around the limit.
    private const int OverheadBytes = 64;

    private readonly List<OutputItem> _items = [];
    private readonly Dictionary<string, int> _displays = new(StringComparer.Ordinal);
    private int _bytes;
    private long _dropped;
    private bool _primaryDropped;

    /// <summary>Where the item stands in the list; -1 when it was dropped.</summary>
    public int Add(InterpreterItem item)
    {
        var replaced = -1;
        if (item is { IsUpdate: true, DisplayId: { } updated } && _displays.TryGetValue(updated, out var index))
            replaced = index;

        var size = SizeOf(item.Data);
        var bytes = _bytes + size - (replaced < 0 ? 0 : SizeOf(_items[replaced].Data));
        if (bytes > maxBytes)
        {
            _dropped += item.Data.Length;
            _primaryDropped |= item.IsPrimary;
            return -1;
        }

        _bytes = bytes;
        if (replaced >= 0)
        {
            _items[replaced] = new OutputItem(_items[replaced].IsPrimary, item.Data);
            return replaced;
        }
        if (item.DisplayId is { } name)
            _displays[name] = _items.Count;
        _items.Add(new OutputItem(item.IsPrimary, item.Data));
        return _items.Count - 1;
    }

    /// <summary>The item that stands there now.</summary>
    public OutputItem this[int index] => _items[index];

    private static int SizeOf(byte[] data) => data.Length + OverheadBytes;

    /// <summary>The items so far; the list is not used any more afterwards.</summary>
    public IReadOnlyList<OutputItem> ToItems()
    {
        if (_dropped > 0)
            _items.Add(new OutputItem(_primaryDropped, Encoding.UTF8.GetBytes($$"""{"text/plain":"{{LogLines.Notice(_dropped)}}"}""")));
        return _items;
    }
}

using System.Text;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>
/// The events of one execution. Written by one thread at a time, read by any number: each reader says where it stands, so a slow
/// one holds up neither the writer nor another reader. Whoever writes keeps the limits of output; overtaken items are let go, so
/// that what is held stays within them.
/// </summary>
internal sealed class ExecutionEvents(TimeProvider time)
{
    private const int MaxEvents = 256;
    private const int MaxBytes = 256 << 10;
    private const int MaxChunk = 16 << 10;

    // A million prints of one character are a million events only for readers who take each at once: from here on they are
    // made to wait a moment, and get it in larger chunks.
    private const int Many = 8192;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly List<ExecutionEvent> _events = [];

    /// <summary>For each item the event that had it first, and the one that had it last.</summary>
    private readonly List<(long First, long Last)> _items = [];

    /// <summary>What was printed since somebody read last.</summary>
    private readonly StringBuilder _chunk = new();
    private bool _chunkIsStderr;
    private long _sequence;
    private bool _isClosed;
    private long _bytes;
    private ExecutionReply? _instead;
    private TaskCompletionSource? _changed;

    /// <summary>About what all of it takes, and the answer that is made of it: text is in both.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The code begins to run; said again only when it has to be counted differently.</summary>
    public void Start(int executionCount) => Write(() =>
    {
        if (_events.OfType<StartEvent>().LastOrDefault()?.ExecutionCount != executionCount)
            Add(new StartEvent(executionCount));
    });

    /// <summary>What was kept of something printed.</summary>
    public void Print(bool isStderr, StringBuilder text)
    {
        if (text.Length == 0)
            return;
        Write(() =>
        {
            if (_chunkIsStderr != isStderr || _chunk.Length + text.Length > MaxChunk)
                CloseChunk();
            _chunkIsStderr = isStderr;
            _chunk.Append(text);
            _bytes += 2 * sizeof(char) * text.Length;
        });
    }

    /// <summary>An item, or what takes the place of one.</summary>
    /// <param name="item">The item as it is now.</param>
    /// <param name="index">Its place among the items.</param>
    public void Show(OutputItem item, int index) => Write(() =>
    {
        CloseChunk();
        _bytes += item.Data.Length;
        if (index == _items.Count)
        {
            Add(new ItemEvent(item, null));
            _items.Add((_sequence, _sequence));
            return;
        }
        var (first, last) = _items[index];
        // Who begins to read only now is shown it as it is.
        _events[PositionAfter(first - 1)] = new ItemEvent(item, null) { Sequence = first };
        if (last != first)
            _events.RemoveAt(PositionAfter(last - 1));
        Add(new ItemEvent(item, first));
        _items[index] = (first, _sequence);
    });

    /// <summary>It has ended, or was refused after all.</summary>
    public void Close(ExecutionReply reply) => Write(() =>
    {
        CloseChunk();
        if (reply is ExecutionEnded { StoredOf: null, Result: var result })
        {
            if (result.Error is { } error)
                Add(new ErrorEvent(error));
            Add(new EndEvent(result with { Items = [], Stdout = [], Stderr = [] }));
        }
        // What is answered instead has no events of its own.
        _instead = reply is ExecutionEnded { StoredOf: null } ? null : reply;
        _isClosed = true;
    });

    /// <summary>
    /// What comes after this event, at most as much as one message should carry; waits for the first of it, and is empty when
    /// there was none. A cancelled wait just ends.
    /// </summary>
    public async Task<EventPage> ReadAsync(long after, TimeSpan patience, CancellationToken cancellationToken)
    {
        var isMany = false;
        Task? change;
        lock (_gate)
        {
            change = _isClosed || HasMoreThan(after) ? null : (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            isMany = !_isClosed && _events.Count > Many;
        }
        if (change is not null)
            await WaitAsync(change, patience, cancellationToken);
        if (isMany)
            await WaitAsync(Task.Delay(Pause, time, cancellationToken), patience, cancellationToken);
        lock (_gate)
            return Take(after);
    }

    private async Task WaitAsync(Task task, TimeSpan patience, CancellationToken cancellationToken) =>
        await task.WaitAsync(patience, time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    private void Write(Action write)
    {
        TaskCompletionSource? changed;
        lock (_gate)
        {
            write();
            changed = _changed;
            _changed = null;
        }
        changed?.TrySetResult();
    }

    private bool HasMoreThan(long after) => _sequence > after || _chunk.Length > 0;

    private EventPage Take(long after)
    {
        CloseChunk();
        var page = new List<ExecutionEvent>();
        var position = PositionAfter(after);
        for (var bytes = 0; position < _events.Count && page.Count < MaxEvents; position++)
        {
            bytes += SizeOf(_events[position]);
            if (bytes > MaxBytes && page.Count > 0)
                break;
            page.Add(_events[position]);
        }
        return new EventPage([.. page], _isClosed && position == _events.Count, _instead);
    }

    private void CloseChunk()
    {
        if (_chunk.Length == 0)
            return;
        Add(new OutputEvent(_chunkIsStderr, _chunk.ToString()));
        _chunk.Clear();
    }

    private void Add(ExecutionEvent happened) => _events.Add(happened with { Sequence = ++_sequence });

    /// <summary>Where the first event after this one stands.</summary>
    private int PositionAfter(long sequence)
    {
        var (low, high) = (0, _events.Count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (_events[middle].Sequence <= sequence)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static int SizeOf(ExecutionEvent happened) => happened switch
    {
        OutputEvent output => Encoding.UTF8.GetByteCount(output.Text),
        ItemEvent item => item.Item.Data.Length,
        _ => 0,
    };
}

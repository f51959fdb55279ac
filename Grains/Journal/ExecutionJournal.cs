using System.IO.Hashing;
using System.Runtime.InteropServices;
using Orleans.Serialization;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Journal;

/// <summary>
/// What ran in a context's state, and what was answered: it is part of that state, travels with its checkpoints and goes where
/// it goes. Knows the last 64 executions that have keys and the last 32 that have none, with 4 MiB of what they left and
/// of each 1 MiB or nothing, and of the last 1024 that they ran. Lives on its grain's scheduler: no locks.
/// </summary>
internal sealed class ExecutionJournal(Serializer<JournalPages> serializer, TimeProvider time)
{
    private const int MostKeys = 64;
    private const int MostOthers = 32;
    private const int MostIds = 1024;
    private const long MostBytes = 4 << 20;
    private const long MostBytesOfOne = 1 << 20;

    // By how much the clocks of two silos may differ.
    private static readonly TimeSpan ClockError = TimeSpan.FromSeconds(30);

    private readonly List<(JournalEntry Entry, long Bytes)> _answers = [];
    private readonly Queue<(ulong Id, long End)> _ended = [];
    private long _bytes;
    private int _keys;
    private long _forgottenUntil;

    /// <summary>An execution has ended whose code ran.</summary>
    public void Add(ExecuteCommand command, ExecutionResult result)
    {
        _ended.Enqueue((HashOf(command.ExecutionId), time.GetUtcNow().UtcTicks));
        if (_ended.Count > MostIds)
            _forgottenUntil = _ended.Dequeue().End;
        Append(new JournalEntry(command.ExecutionId, command.Key, result));
        if (_keys > MostKeys)
            RemoveOldest(hasKey: true);
        if (_answers.Count - _keys > MostOthers)
            RemoveOldest(hasKey: false);
        for (var i = 0; _bytes > MostBytes && i < _answers.Count; i++)
            Shorten(i);
    }

    /// <summary>The answer of an execution; null when it is not known, whether it ran or not.</summary>
    public JournalEntry? Find(string executionId) => _answers.Find(answer => answer.Entry.ExecutionId == executionId).Entry;

    /// <summary>The answer of the execution that a client calls this; null when there is none any more.</summary>
    public JournalEntry? FindKey(string key) => _keys == 0 ? null : _answers.Find(answer => answer.Entry.Key?.Value == key).Entry;

    /// <summary>Whether an execution cannot have ended before in this state.</summary>
    /// <param name="executionId">Which.</param>
    /// <param name="age">How long ago it was sent for the first time.</param>
    public bool HasNotRun(string executionId, TimeSpan age)
    {
        var id = HashOf(executionId);
        return IsBefore(_forgottenUntil, age) && _ended.All(ended => ended.Id != id);
    }

    /// <summary>Whether something was surely over, by the clock of any silo, when what is as old as this began.</summary>
    /// <param name="ticks">When it happened, in ticks of UTC; 0: never.</param>
    /// <param name="age">How old the other is.</param>
    public bool IsBefore(long ticks, TimeSpan age) => ticks == 0 || ticks < (time.GetUtcNow() - age - ClockError).UtcTicks;

    /// <summary>The state is gone.</summary>
    public void Clear()
    {
        _answers.Clear();
        _ended.Clear();
        (_bytes, _keys, _forgottenUntil) = (0, 0, 0);
    }

    /// <summary>All of it, to be stored.</summary>
    public byte[] Write() => _ended.Count == 0 && _forgottenUntil == 0 ? [] : serializer.SerializeToArray(new JournalPages(
        [.. _answers.Select(answer => answer.Entry)], [.. _ended.Select(ended => ended.Id)], [.. _ended.Select(ended => ended.End)], _forgottenUntil));

    /// <summary>Becomes what was stored.</summary>
    /// <exception cref="CheckpointLostException">It cannot be read.</exception>
    public void Read(byte[] stored)
    {
        Clear();
        if (stored.Length == 0)
            return;
        JournalPages pages;
        try
        {
            pages = serializer.Deserialize(stored)!;
        }
        catch (Exception e)
        {
            throw new CheckpointLostException($"its journal cannot be read ({e.GetType().Name})");
        }
        foreach (var entry in pages.Answers)
            Append(entry);
        foreach (var ended in pages.Ids.Zip(pages.Ends))
            _ended.Enqueue(ended);
        _forgottenUntil = pages.ForgottenUntil;
    }

    private void Append(JournalEntry entry)
    {
        _answers.Add((entry, JournalAnswer.SizeOf(entry.Result)));
        _bytes += _answers[^1].Bytes;
        if (entry.Key is not null)
            _keys++;
        if (_answers[^1].Bytes > MostBytesOfOne)
            Shorten(_answers.Count - 1);
    }

    private void RemoveOldest(bool hasKey)
    {
        var oldest = _answers.FindIndex(answer => answer.Entry.Key is not null == hasKey);
        _bytes -= _answers[oldest].Bytes;
        _answers.RemoveAt(oldest);
        if (hasKey)
            _keys--;
    }

    private void Shorten(int index)
    {
        var (entry, bytes) = _answers[index];
        var shorter = JournalAnswer.Shorten(entry);
        _answers[index] = (shorter, JournalAnswer.SizeOf(shorter.Result));
        _bytes += _answers[index].Bytes - bytes;
    }

    /// <summary>Ids are random, and hashes of the last of them for nobody to find another for: who could is the Api.</summary>
    private static ulong HashOf(string executionId) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(executionId.AsSpan()));
}

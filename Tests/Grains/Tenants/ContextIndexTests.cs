using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Grains.Tenants;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Tenants;

/// <summary>The index of a tenant's contexts, on storage that breaks when it is told to.</summary>
public sealed class ContextIndexTests
{
    private const int NoQuota = int.MaxValue;
    private const int ShardSize = 8;
    private static readonly GrainId Tenant = GrainId.Create("tenant", "acme");
    private readonly MemoryStorage _storage = new();
    private readonly FakeTimeProvider _time = new();

    // What a grain has: one thing at a time.
    private readonly TaskScheduler _scheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;

    [Fact]
    public Task Reserve_OfTheSameIdManyTimes_CountsItOnce() => RunAsync(async () =>
    {
        var index = await OpenAsync();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => index.ReserveAsync("a", 1))), Assert.True);
        Assert.Equal(1, index.Count);
        Assert.False(await index.ReserveAsync("b", 1));
        await index.ConfirmAsync("a");
        Assert.True(await index.ReserveAsync("a", 1));
        Assert.Equal(["a"], await AllAsync(await OpenAsync()));
    });

    [Fact]
    public Task Reserve_OfManyIdsAtOnce_AcceptsExactlyTheQuota() => RunAsync(async () =>
    {
        var index = await OpenAsync();
        var taken = await Task.WhenAll(Enumerable.Range(0, 50).Select(number => index.ReserveAsync($"c{number}", 20)));
        Assert.Equal(20, taken.Count(isTaken => isTaken));
        Assert.Equal(20, (await AllAsync(await OpenAsync())).Count);
    });

    [Fact]
    public Task Reserve_WhileSomethingIsWritten_SharesTheNextWrite() => RunAsync(async () =>
    {
        var index = await OpenAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _storage.Gate = gate.Task;
        var reserving = Enumerable.Range(0, ShardSize).Select(number => index.ReserveAsync($"c{number}", NoQuota)).ToList();
        while (index.Count < ShardSize)
            await Task.Yield();
        Assert.DoesNotContain(reserving, task => task.IsCompleted);
        gate.SetResult();
        await Task.WhenAll(reserving);
        Assert.Equal(2, _storage.Changes);
    });

    public static TheoryData<string> Orders => ["ascending", "descending", "mixed"];

    [Theory, MemberData(nameof(Orders))]
    public Task Shards_WhateverTheOrderOfTheIds_AreBoundedAndListedInOrder(string order) => RunAsync(async () =>
    {
        var ids = IdsIn(order, 500);
        var index = await OpenAsync();
        foreach (var id in ids)
            await index.ReserveAsync(id, NoQuota);
        Assert.All(_storage.Records("index-"), shard => Assert.InRange(shard.GetProperty("contexts").GetArrayLength(), 1, ShardSize));
        Assert.Equal(ids.Order(StringComparer.Ordinal), await AllAsync(index));
        Assert.Equal(ids.Order(StringComparer.Ordinal), await AllAsync(await OpenAsync()));

        foreach (var id in ids.Skip(4))
            await index.ReleaseAsync(id);
        Assert.Equal(1, index.Shards);
        Assert.Single(_storage.Records("index-"));
        Assert.Equal(ids.Take(4).Order(StringComparer.Ordinal), await AllAsync(await OpenAsync()));
    });

    [Fact]
    public Task Shards_OfIdsThatComeAllAtOnce_AreBoundedToo() => RunAsync(async () =>
    {
        var ids = IdsIn("mixed", 300);
        var index = await OpenAsync();
        await Task.WhenAll(ids.Select(id => index.ReserveAsync(id, NoQuota)));
        Assert.All(_storage.Records("index-"), shard => Assert.InRange(shard.GetProperty("contexts").GetArrayLength(), 1, ShardSize));
        Assert.Equal(ids.Order(StringComparer.Ordinal), await AllAsync(await OpenAsync()));
    });

    /// <summary>Wherever storage breaks off, what was promised is there afterwards, once, and the index goes on from there.</summary>
    [Fact]
    public Task Reserve_WhereverStorageBreaksOff_ForgetsNothingThatItPromised() => RunAsync(async () =>
    {
        var ids = IdsIn("mixed", 60);
        var breaks = 0;
        for (var at = 1; ; at++)
        {
            var storage = new MemoryStorage { BreaksAt = at };
            var promised = new HashSet<string>(StringComparer.Ordinal);
            var released = new HashSet<string>(StringComparer.Ordinal);
            var broke = await FillAsync(storage, ids, promised, released);
            storage.BreaksAt = int.MaxValue;

            var reopened = await OpenAsync(storage);
            var found = await AllAsync(reopened);
            Assert.Equal(found.Distinct().Order(StringComparer.Ordinal), found);
            Assert.Empty(promised.Except(found));
            Assert.Empty(released.Intersect(found));
            foreach (var id in ids)
                await reopened.ReserveAsync(id, NoQuota);
            Assert.Equal(ids.Order(StringComparer.Ordinal), await AllAsync(await OpenAsync(storage)));
            if (!broke)
                break;
            breaks++;
        }
        Assert.True(breaks > 60, $"It broke only {breaks} times.");
    });

    [Fact]
    public Task AfterAFailedWrite_NothingMoreIsWritten() => RunAsync(async () =>
    {
        var index = await OpenAsync();
        await index.ReserveAsync("a", NoQuota);
        _storage.BreaksAt = 2;
        await Assert.ThrowsAsync<IOException>(() => index.ReserveAsync("b", NoQuota));
        _storage.BreaksAt = int.MaxValue;
        await Assert.ThrowsAsync<InvalidOperationException>(() => index.ReserveAsync("c", NoQuota));
        Assert.Equal(["a"], await AllAsync(await OpenAsync()));
    });

    /// <summary>What is said of the id <c>a</c> (r reserve, c confirm, x release, o another activation of the index), and whether it is counted then.</summary>
    public static TheoryData<string, bool, bool> Stories => new()
    {
        { "r", true, true },
        { "rc", true, false },
        { "rx", false, false },
        { "c", true, false },
        { "x", false, false },
        { "rcx", true, false }, // somebody who lost the race to create it
        { "rcrx", false, false }, // deleted
        { "rrx", true, true }, // two create it, one gives up
        { "rrxx", false, false },
        { "rrxc", true, false },
        { "rrcx", true, false },
        { "rxr", true, true },
        { "rox", true, true }, // nobody knows any more who reserved it: the record decides
        { "roc", true, false },
        { "rcox", true, false },
    };

    [Theory, MemberData(nameof(Stories))]
    public Task AnId_IsCountedAsLongAsItsContextMayExist(string story, bool isCounted, bool isInDoubt) => RunAsync(async () =>
    {
        var index = await OpenAsync();
        foreach (var step in story)
        {
            switch (step)
            {
                case 'r':
                    await index.ReserveAsync("a", NoQuota);
                    break;
                case 'c':
                    await index.ConfirmAsync("a");
                    break;
                case 'x':
                    await index.ReleaseAsync("a");
                    break;
                default:
                    await index.FlushAsync();
                    index = await OpenAsync();
                    break;
            }
        }
        Assert.Equal(isCounted ? 1 : 0, (await AllAsync(index)).Count);
        Assert.Equal(isInDoubt ? 1 : 0, index.InDoubt(TimeSpan.Zero).Count);
        await index.FlushAsync();
        index = await OpenAsync();
        Assert.Equal(isCounted ? 1 : 0, (await AllAsync(index)).Count);
        Assert.Equal(isInDoubt ? 1 : 0, index.InDoubt(TimeSpan.Zero).Count);
    });

    [Fact]
    public Task InDoubt_IsWhatWasNeitherConfirmedNorReleasedForAWhile() => RunAsync(async () =>
    {
        var index = await OpenAsync();
        await index.ReserveAsync("old", NoQuota);
        await index.ReserveAsync("confirmed", NoQuota);
        await index.ConfirmAsync("confirmed");
        _time.Advance(TimeSpan.FromMinutes(2));
        await index.ReserveAsync("young", NoQuota);
        var (id, reservedAt) = Assert.Single(index.InDoubt(TimeSpan.FromMinutes(2)));
        Assert.Equal("old", id);

        // Reserved again while its record was looked up: it is not forgotten.
        await index.ReserveAsync("old", NoQuota);
        await index.ForgetAsync("old", reservedAt);
        Assert.Equal(["confirmed", "old", "young"], await AllAsync(index));
    });

    [Fact]
    public Task List_ReadsOnlyTheShardsOfItsPage() => RunAsync(async () =>
    {
        var index = await OpenAsync();
        await Task.WhenAll(IdsIn("ascending", 500).Select(id => index.ReserveAsync(id, NoQuota)));
        var opened = await OpenAsync();
        var before = _storage.Reads;
        await opened.ListAsync("c250", ShardSize / 2);
        Assert.InRange(_storage.Reads - before, 1, 3);
    });

    [Fact]
    public Task List_WhileIdsComeAndGo_ShowsEachThatStaysOnce() => RunAsync(async () =>
    {
        var index = await OpenAsync();
        var staying = IdsIn("ascending", 100);
        await Task.WhenAll(staying.Select(id => index.ReserveAsync(id, NoQuota)));
        var seen = new List<string>();
        string? after = null;
        for (var page = 0; ; page++)
        {
            var (ids, hasMore) = await index.ListAsync(after, 7);
            seen.AddRange(ids);
            if (!hasMore)
                break;
            after = ids[^1];
            await Task.WhenAll(Enumerable.Range(0, 30).Select(number => index.ReserveAsync($"c{number * 3:000}-{page}", NoQuota)));
            await index.ReleaseAsync(after.Contains('-', StringComparison.Ordinal) ? after : "none");
        }
        Assert.Equal(seen.Order(StringComparer.Ordinal).Distinct(), seen);
        Assert.Equal(staying, seen.Where(id => !id.Contains('-', StringComparison.Ordinal)));
    });

    private async Task<bool> FillAsync(MemoryStorage storage, List<string> ids, HashSet<string> promised, HashSet<string> released)
    {
        try
        {
            var index = await OpenAsync(storage);
            foreach (var id in ids)
            {
                await index.ReserveAsync(id, NoQuota);
                promised.Add(id);
            }
            foreach (var id in ids.Take(50))
            {
                promised.Remove(id);
                await index.ReleaseAsync(id);
                released.Add(id);
            }
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static List<string> IdsIn(string order, int count)
    {
        var ids = Enumerable.Range(0, count).Select(number => $"c{number:000}").ToList();
        if (order == "descending")
            ids.Reverse();
        return order == "mixed" ? [.. ids.OrderBy(id => (int.Parse(id[1..], System.Globalization.CultureInfo.InvariantCulture) * 7919) % 1009)] : ids;
    }

    private static async Task<List<string>> AllAsync(ContextIndex index)
    {
        var all = new List<string>();
        while (true)
        {
            var (ids, hasMore) = await index.ListAsync(all.LastOrDefault(), 13);
            all.AddRange(ids);
            if (!hasMore)
                return all;
        }
    }

    private Task<ContextIndex> OpenAsync() => OpenAsync(_storage);

    private async Task<ContextIndex> OpenAsync(MemoryStorage storage)
    {
        var index = new ContextIndex(storage, Tenant, _time, ShardSize);
        await index.OpenAsync();
        return index;
    }

    private Task RunAsync(Func<Task> test) => Task.Factory.StartNew(test, CancellationToken.None, TaskCreationOptions.None, _scheduler).Unwrap();
}

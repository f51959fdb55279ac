using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using StackExchange.Redis;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// Copies of a context that sleeps, in the Redis of a cluster without silos: record, checkpoint and place in the index, each as
/// silos write them. To make ten thousand one by one takes twenty minutes; who wakes a copy sees whether it is one.
/// </summary>
internal static class SleepingCopies
{
    /// <summary>The context that is copied.</summary>
    public const string Original = "asleep";

    private const string State = "sandbox-cluster/state";
    private const string Checkpoints = "sandbox-checkpoints";
    private const string Tenant = "default";
    private const int ShardSize = 256;
    private const int Batch = 500;

    /// <summary>The id of a copy.</summary>
    public static string IdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"copy-{number:00000}");

    public static async Task MakeAsync(string redis, int count)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis);
        var database = connection.GetDatabase();
        var record = await database.HashGetAllAsync(RecordOf(Original));
        var content = JsonNode.Parse(record.Single(field => field.Name == "data").Value.ToString())!["checkpoint"]!["content"]!.GetValue<string>();
        var checkpoint = await database.StringGetAsync($"{SetOf(Original)}:{content}");
        foreach (var ids in Enumerable.Range(0, count).Select(IdOf).Chunk(Batch))
        {
            await Task.WhenAll(ids.SelectMany<string, Task>(id =>
            [
                database.HashSetAsync(RecordOf(id), record),
                database.SetAddAsync(SetOf(id), content),
                database.StringSetAsync($"{SetOf(id)}:{content}", checkpoint),
            ]));
        }

        var shards = Enumerable.Range(0, count).Select(IdOf).Prepend(Original).Order(StringComparer.Ordinal).Chunk(ShardSize).ToList();
        await Task.WhenAll(shards.Select((ids, number) => WriteAsync(database, $"index-{number}", new JsonObject
        {
            ["contexts"] = new JsonArray([.. ids.Select(id => new JsonObject { ["id"] = id })]),
        })));
        await WriteAsync(database, "index", new JsonObject
        {
            ["shards"] = new JsonArray([.. shards.Select((ids, number) => new JsonObject { ["from"] = number == 0 ? "" : ids[0], ["number"] = number })]),
            ["nextNumber"] = shards.Count,
        });
    }

    private static Task WriteAsync(IDatabase database, string name, JsonObject state) => database.HashSetAsync(
        $"{State}/tenant/{Tenant}/{name}", [new("data", state.ToJsonString()), new("etag", Guid.NewGuid().ToString("N"))]);

    private static string RecordOf(string id) => $"{State}/context/{Tenant}:{id}/context";

    private static string SetOf(string id) => $"{Checkpoints}:{{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Tenant}:{id}")))}}}";
}

using System.Text.Json;
using Orleans.Storage;

namespace Sandbox.Cluster.Silo.Storage;

/// <summary>The form in which providers keep records: JSON, as the files have it.</summary>
internal sealed class RecordSerializer : IGrainStorageSerializer
{
    /// <summary>Of every record, wherever it is kept.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, Json));

    public T Deserialize<T>(BinaryData input) =>
        JsonSerializer.Deserialize<T>(input, Json) ?? throw new InvalidDataException("The record is empty.");
}

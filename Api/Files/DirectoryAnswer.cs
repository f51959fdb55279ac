using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Grains.Interfaces.Files;

namespace Sandbox.Cluster.Api.Files;

/// <summary>A directory: <c>{"items": [{name, path, type, size, modified_at}]}</c>, written as its entries come.</summary>
internal sealed class DirectoryAnswer(FileReading transfer, byte[] path) : IResult
{
    private readonly string _prefix = path.Length == 0 ? "" : $"{Encoding.UTF8.GetString(path)}/";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        // Before the status is sent, so that a directory that cannot be read has an answer of its own.
        var reply = await transfer.NextAsync(httpContext.RequestAborted);
        if (reply is FileFailed failed)
        {
            await FileFaults.Refuse(failed.Fault).ExecuteAsync(httpContext);
            return;
        }
        var response = httpContext.Response;
        response.ContentType = "application/json; charset=utf-8";
        var isComplete = false;
        try
        {
            await using var json = new Utf8JsonWriter(response.BodyWriter, ApiJson.Writer);
            json.WriteStartObject();
            json.WriteStartArray("items"u8);
            while (reply is DirectoryPiece piece)
            {
                foreach (var entry in piece.Entries)
                    Write(json, entry);
                json.Flush();
                await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
                isComplete = piece.IsLast;
                reply = isComplete ? null : await transfer.NextAsync(httpContext.RequestAborted);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        finally
        {
            if (!isComplete)
                await transfer.CutAsync(httpContext);
        }
    }

    private void Write(Utf8JsonWriter json, FileEntry entry)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, entry.Name);
        json.WriteString("path"u8, _prefix + entry.Name);
        json.WriteString("type"u8, NameOf(entry.Type));
        json.WriteNumber("size"u8, entry.Size);
        json.WriteString("modified_at"u8, entry.ModifiedAt.UtcDateTime);
        json.WriteEndObject();
    }

    private static string NameOf(FileType type) => type switch
    {
        FileType.File => "file",
        FileType.Directory => "directory",
        FileType.Symlink => "symlink",
        FileType.Other => "other",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}

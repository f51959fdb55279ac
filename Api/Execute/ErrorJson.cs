using System.Text.Json;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>Writes an error as the contract has it.</summary>
internal static class ErrorJson
{
    public static void Write(Utf8JsonWriter json, ExecutionError error)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, error.Name);
        json.WriteString("value"u8, error.Value);
        if (!string.IsNullOrEmpty(error.Traceback))
            json.WriteString("traceback"u8, error.Traceback);
        json.WriteEndObject();
    }
}

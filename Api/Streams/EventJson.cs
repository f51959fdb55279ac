using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Streams;

/// <summary>The events of the contract: their names and data.</summary>
internal sealed class EventJson : IEventFormat
{
    public void Write(ServerSentEvents stream, string contextId, string executionId, ExecutionEvent happened)
    {
        switch (happened)
        {
            case StartEvent start:
                stream.Write(start.Sequence, "start", json =>
                {
                    json.WriteStartObject();
                    json.WriteString("context_id"u8, contextId);
                    json.WriteString("execution_id"u8, executionId);
                    json.WriteNumber("execution_count"u8, start.ExecutionCount);
                    json.WriteEndObject();
                });
                break;
            case OutputEvent output:
                stream.Write(output.Sequence, output.IsStderr ? "stderr" : "stdout", json =>
                {
                    json.WriteStartObject();
                    json.WriteString("text"u8, output.Text);
                    json.WriteEndObject();
                });
                break;
            case ItemEvent shown:
                stream.Write(shown.Sequence, "item", json =>
                {
                    json.WriteStartObject();
                    ItemJson.WriteMembers(json, shown.Item);
                    if (shown.Replaces is { } replaced)
                        json.WriteNumber("replaces"u8, replaced);
                    json.WriteEndObject();
                });
                break;
            case ErrorEvent error:
                WriteError(stream, error.Sequence, error.Error);
                break;
            case EndEvent end:
                WriteEnd(stream, end.Sequence, contextId, end.Result, end.Result.Error);
                break;
            default:
                throw new InvalidOperationException("A context told of an unknown event.");
        }
    }

    public void WriteEnd(ServerSentEvents stream, string contextId, long after, ExecutionError error)
    {
        WriteError(stream, after + 1, error);
        WriteEnd(stream, after + 2, contextId, null, error);
    }

    private static void WriteError(ServerSentEvents stream, long sequence, ExecutionError error) =>
        stream.Write(sequence, "error", json => ErrorJson.Write(json, error));

    /// <summary>The Execution without logs and items, and what its headers would have said.</summary>
    private static void WriteEnd(ServerSentEvents stream, long sequence, string contextId, ExecutionResult? result, ExecutionError? error) =>
        stream.Write(sequence, "end", json =>
        {
            json.WriteStartObject();
            json.WriteString("context_id"u8, contextId);
            if (error is not null)
            {
                json.WritePropertyName("error"u8);
                ErrorJson.Write(json, error);
            }
            if (result?.ExecutionCount is { } count)
                json.WriteNumber("execution_count"u8, count);
            if (result?.State is { } state)
            {
                json.WriteString("context_state"u8, ExecutionAnswer.NameOf(state));
                json.WriteNumber("context_incarnation"u8, result.Incarnation);
                if (result.RestoredTo is { } restoredTo)
                    json.WriteNumber("context_restored_to"u8, restoredTo);
            }
            json.WriteEndObject();
        });
}

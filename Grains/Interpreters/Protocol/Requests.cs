using System.Collections.ObjectModel;
using System.Text.Json;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;

namespace Sandbox.Cluster.Grains.Interpreters.Protocol;

/// <summary>The requests that the host sends, as frames.</summary>
internal static class Requests
{
    public static byte[] Open() => Frame.Write(json => json.WriteString("op"u8, "open"u8));

    public static byte[] Enter(string home) => Frame.Write(json =>
    {
        json.WriteString("op"u8, "enter"u8);
        json.WriteString("home"u8, home);
    });

    public static byte[] Save(string home) => Frame.Write(json =>
    {
        json.WriteString("op"u8, "save"u8);
        json.WriteString("home"u8, home);
    });

    public static byte[] Restore(string home) => Frame.Write(json =>
    {
        json.WriteString("op"u8, "restore"u8);
        json.WriteString("home"u8, home);
    });

    public static byte[] Files(string home) => Frame.Write(json =>
    {
        json.WriteString("op"u8, "files"u8);
        json.WriteString("home"u8, home);
    });

    public static byte[] Start(OutputLimits limits, Surroundings surroundings, bool hasEgress, bool isRestored = false) => Frame.Write(json =>
    {
        json.WriteString("op"u8, "start"u8);
        json.WriteStartObject("limits"u8);
        json.WriteNumber("stream_bytes"u8, limits.StreamBytes);
        json.WriteNumber("item_bytes"u8, limits.ItemBytes);
        json.WriteEndObject();
        WriteEnvironment(json, surroundings.Environment);
        if (surroundings.Directory.Length > 0)
            json.WriteString("cwd"u8, surroundings.Directory);
        if (hasEgress)
            json.WriteBoolean("egress"u8, true);
        if (isRestored)
            json.WriteBoolean("restore"u8, true);
    });

    public static byte[] Execute(InterpreterCommand command) => Frame.Write(json =>
    {
        json.WriteString("op"u8, "execute"u8);
        json.WriteString("id"u8, command.ExecutionId);
        json.WriteNumber("count"u8, command.Count);
        json.WriteString("code"u8, command.Code);
        WriteEnvironment(json, command.Environment);
    });

    public static byte[] Inquire(InquiryCommand command) => Frame.Write(json =>
    {
        json.WriteString("op"u8, command.Kind == InquiryKind.Complete ? "complete"u8 : "inspect"u8);
        json.WriteString("id"u8, command.InquiryId);
        json.WriteString("code"u8, command.Code);
        json.WriteNumber("cursor"u8, command.Cursor);
    });

    public static byte[] Interrupt(string executionId, InterruptRung rung) => Frame.Write(json =>
    {
        json.WriteString("op"u8, "interrupt"u8);
        json.WriteString("id"u8, executionId);
        json.WriteNumber("rung"u8, (int)rung);
    });

    private static void WriteEnvironment(Utf8JsonWriter json, IReadOnlyDictionary<string, string>? variables)
    {
        json.WriteStartObject("env"u8);
        foreach (var (name, value) in variables ?? ReadOnlyDictionary<string, string>.Empty)
            json.WriteString(name, value);
        json.WriteEndObject();
    }
}

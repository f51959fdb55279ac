using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Grains.Files;

/// <summary>What is asked of a process that serves files, as frames. A path is data: base64 of its bytes.</summary>
internal static class FileRequests
{
    public static byte[] Read(byte[] path) => Of("read", path);

    public static byte[] Write(byte[] path, long? size) => Of("write", path, size);

    public static byte[] Delete(byte[] path) => Of("delete", path);

    public static byte[] Send(long offset, int length) => Frame.Write(json =>
    {
        json.WriteString("op"u8, "send"u8);
        json.WriteNumber("offset"u8, offset);
        json.WriteNumber("length"u8, length);
    });

    public static byte[] Next() => Frame.Write(json => json.WriteString("op"u8, "next"u8));

    private static byte[] Of(string op, byte[] path, long? size = null) => Frame.Write(json =>
    {
        json.WriteString("op"u8, op);
        json.WriteBase64String("path"u8, path);
        if (size is { } known)
            json.WriteNumber("size"u8, known);
    });
}

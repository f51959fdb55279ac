namespace Sandbox.Cluster.Tests.Support;

/// <summary>A field of a message in the wire format of Protocol Buffers.</summary>
/// <param name="Number">Which.</param>
/// <param name="Bytes">Its bytes; those of a number in its own encoding.</param>
internal sealed record ProtobufField(int Number, byte[] Bytes)
{
    /// <summary>The fields of a message, in order.</summary>
    public static IEnumerable<ProtobufField> Read(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = ReadVarint(message, ref at);
            var begin = at;
            switch (tag & 7)
            {
                case 0:
                    ReadVarint(message, ref at);
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)ReadVarint(message, ref at);
                    begin = at;
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new FormatException("A field has an unknown type.");
            }
            yield return new ProtobufField((int)(tag >> 3), message[begin..at]);
        }
    }

    private static ulong ReadVarint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
    }
}

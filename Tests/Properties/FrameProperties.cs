using System.Buffers;
using System.Text.Json;
using FsCheck.Fluent;
using Sandbox.Cluster.Grains.Interpreters.Protocol;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Properties;

/// <summary>Frames are the same however their bytes come, and what is none is refused in our words.</summary>
public sealed class FrameProperties
{
    [Fact]
    public void Frames_AreTheSame_HoweverTheirBytesWereCut() => Property.Holds(
        Property.From(from texts in Inputs.Text.ArrayOf() from size in Gen.Choose(1, 9) select (texts, size)),
        one =>
        {
            var bytes = one.texts.SelectMany(text => Frame.Write(json => json.WriteString("text", text))).ToArray();
            // As much as a read brings, and not a byte more.
            var seen = new List<string>();
            var taken = 0;
            for (var come = 0; come <= bytes.Length; come += one.size)
                taken += Take(bytes[taken..come], one.size, seen);
            taken += Take(bytes[taken..], one.size, seen);
            Assert.Equal(bytes.Length, taken);
            Assert.Equal(one.texts, seen);
        });

    [Fact]
    public void AnyBytes_AreAFrameOrNotYetOne_OrAFaultOfTheProtocol() => Property.Holds(
        Property.From(from length in Gen.Choose(0, 40) from body in Inputs.Bytes from isTrue in Gen.Elements(true, false) select (length, body, isTrue)),
        one =>
        {
            byte[] bytes = [.. BitConverter.GetBytes(one.isTrue ? one.body.Length : one.length), .. one.body];
            var buffer = Segments.Of(bytes, 3);
            try
            {
                if (Frame.TryRead(ref buffer, out var frame))
                {
                    using (frame)
                        Assert.Equal(JsonValueKind.Object, frame.RootElement.ValueKind);
                }
            }
            catch (ProtocolException e)
            {
                Assert.StartsWith("A frame", e.Message, StringComparison.Ordinal);
            }
        },
        tries: 2000);

    private static int Take(byte[] bytes, int size, List<string> seen)
    {
        var buffer = Segments.Of(bytes, size);
        var length = buffer.Length;
        while (Frame.TryRead(ref buffer, out var frame))
        {
            using (frame)
                seen.Add(frame.RootElement.GetProperty("text").GetString()!);
        }
        return (int)(length - buffer.Length);
    }
}

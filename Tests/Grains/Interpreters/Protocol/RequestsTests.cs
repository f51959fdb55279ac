using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Interpreters.Protocol;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Interpreters.Protocol;

public class RequestsTests
{
    private const string File = "requests.json";

    public static TheoryData<string> Cases => Fixtures.Names(File);

    /// <summary>Every request of the fixtures that the host can write, it writes so.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void Write_WritesTheFixture(string name)
    {
        var expected = Fixtures.Case(File, name).GetProperty("frame");
        var bytes = expected.GetProperty("op").GetString() switch
        {
            "open" => Requests.Open(),
            "save" => Requests.Save(expected.GetProperty("home").GetString()!),
            "restore" => Requests.Restore(expected.GetProperty("home").GetString()!),
            "enter" => Requests.Enter(expected.GetProperty("home").GetString()!),
            "files" => Requests.Files(expected.GetProperty("home").GetString()!),
            "start" => Requests.Start(
                new OutputLimits
                {
                    StreamBytes = expected.GetProperty("limits").GetProperty("stream_bytes").GetInt32(),
                    ItemBytes = expected.GetProperty("limits").GetProperty("item_bytes").GetInt32(),
                },
                new Surroundings(
                    expected.TryGetProperty("cwd", out var directory) ? directory.GetString()! : "",
                    expected.GetProperty("env").Deserialize<Dictionary<string, string>>()),
                hasEgress: expected.TryGetProperty("egress", out _),
                isRestored: expected.TryGetProperty("restore", out _)),
            "execute" => Requests.Execute(new InterpreterCommand(
                expected.GetProperty("id").GetString()!,
                expected.GetProperty("count").GetInt32(),
                expected.GetProperty("code").GetString()!,
                expected.GetProperty("env").Deserialize<Dictionary<string, string>>())),
            "complete" or "inspect" => Requests.Inquire(new InquiryCommand(
                expected.GetProperty("id").GetString()!,
                expected.GetProperty("op").GetString() == "complete" ? InquiryKind.Complete : InquiryKind.Inspect,
                expected.GetProperty("code").GetString()!,
                expected.GetProperty("cursor").GetInt32())),
            _ => Requests.Interrupt(expected.GetProperty("id").GetString()!, (InterruptRung)expected.GetProperty("rung").GetInt32()),
        };

        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.True(Frame.TryRead(ref buffer, out var frame));
        var written = JsonNode.Parse(frame.RootElement.GetRawText())!.AsObject();
        var wanted = JsonNode.Parse(expected.GetRawText())!.AsObject();
        Assert.True(JsonNode.DeepEquals(wanted, written), written.ToJsonString());
        Assert.True(buffer.IsEmpty);
    }
}

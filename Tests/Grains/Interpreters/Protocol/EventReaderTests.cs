using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Grains.Interpreters.Protocol;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Interpreters.Protocol;

public class EventReaderTests
{
    private const string File = "driver-events.json";

    public static TheoryData<string> Cases => Fixtures.Names(File);

    /// <summary>
    /// What the host refuses of what a driver may send. Two rules are not the reader's: which execution runs is known to the
    /// interpreter (see its tests), and the supervisor's own events are no fault when they reach the host.
    /// </summary>
    [Theory, MemberData(nameof(Cases))]
    public void Read_RefusesWhatTheFixtureRefuses(string name)
    {
        var @case = Fixtures.Case(File, name);
        var running = @case.GetProperty("running").GetString();
        var frame = @case.GetProperty("frame");

        var accepted = true;
        try
        {
            accepted = EventReader.Read(frame) switch
            {
                Item item => item.ExecutionId == running,
                Done done => done.ExecutionId == running,
                Answered answered => @case.TryGetProperty("asked", out var asked) && answered.InquiryId == asked.GetString(),
                Hello => true,
                _ => false,
            };
        }
        catch (ProtocolException)
        {
            accepted = false;
        }

        // A sync never reaches the host; it refuses that as any unknown event.
        var expected = @case.GetProperty("accepted").GetBoolean() && frame.GetProperty("event").GetString() != "sync";
        Assert.Equal(expected, accepted);
    }

    [Theory]
    [InlineData("""{"event":"item","id":"e1","data":{"text/plain":"\ud800"}}""")]
    [InlineData("""{"event":"item","id":"e1","data":{"application/json":{"a":["\udc00"]}}}""")]
    [InlineData("""{"event":"item","id":"e1","data":{"application/json":{"\udc00":1}}}""")]
    [InlineData("""{"event":"done","id":"e1","error":{"name":"E","value":"\ud800","traceback":""}}""")]
    [InlineData("""{"event":"dropped","id":"e1","stream":"stdin","bytes":1}""")]
    [InlineData("""{"event":"dropped","id":"e1","stream":"stdout","bytes":1.5}""")]
    [InlineData("""{"event":"ended","reason":"bored"}""")]
    [InlineData("""{"event":"ended","reason":"exited","id":7}""")]
    [InlineData("""{"event":"ended","reason":"exited","code":1e99}""")]
    public void Read_RefusesWhatCannotBeRead(string frame) =>
        Assert.Throws<ProtocolException>(() => EventReader.Read(JsonElement.Parse(frame)));

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void Read_TakesADisplayIdOf256Characters(int length, bool accepted)
    {
        var frame = JsonElement.Parse($$"""{"event":"item","id":"e1","data":{},"display_id":"{{new string('d', length)}}"}""");
        Assert.Equal(accepted, Record.Exception(() => EventReader.Read(frame)) is null);
    }

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void Read_TakesAnErrorNameOf256Characters(int length, bool accepted)
    {
        var error = $$"""{"name":"{{new string('E', length)}}","value":"","traceback":""}""";
        var frame = JsonElement.Parse($$"""{"event":"done","id":"e1","error":{{error}}}""");
        Assert.Equal(accepted, Record.Exception(() => EventReader.Read(frame)) is null);
    }

    [Fact]
    public void Read_KeepsAnItemsDataToTheByte()
    {
        var item = Assert.IsType<Item>(EventReader.Read(JsonElement.Parse(
            """{"event":"item","id":"e1","primary":true,"display_id":"d","update":true,"data":{"text/plain":"é","a/b+json":[1, 2]}}""")));
        Assert.Equal("""{"text/plain":"é","a/b+json":[1, 2]}""", Encoding.UTF8.GetString(item.Value.Data));
        Assert.Equal((true, "d", true), (item.Value.IsPrimary, item.Value.DisplayId, item.Value.IsUpdate));
    }

    [Theory]
    [InlineData("""{"event":"ended","reason":"exited","code":3}""", "it exited with code 3")]
    [InlineData("""{"event":"ended","reason":"signaled","signal":11}""", "it was ended by signal 11 (segmentation fault)")]
    [InlineData("""{"event":"ended","reason":"protocol","detail":"a bad frame"}""", "it broke the driver protocol")]
    public void Describe_SaysHowAnInterpreterEnded(string frame, string clause) =>
        Assert.Equal(clause, Assert.IsType<Ended>(EventReader.Read(JsonElement.Parse(frame))).End.Describe());

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("application/vnd.plotly.v1+json", true)]
    [InlineData("Application/JSON; charset=utf-8", true)]
    [InlineData("application/javascript", false)]
    [InlineData("text/plain", false)]
    public void IsJson_KnowsJsonTypes(string mediaType, bool json) => Assert.Equal(json, MediaTypes.IsJson(mediaType));
}

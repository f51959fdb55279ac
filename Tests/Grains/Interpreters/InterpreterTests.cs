using Sandbox.Cluster.Grains.Interfaces.Inquiries;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Grains.Interpreters;

/// <summary>The host's end of the protocol, against drivers that break it.</summary>
public class InterpreterTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Execute_AnswersWithWhatTheDriverSays()
    {
        await using var driver = MisbehavingDriver.Answering(async (id, connection) =>
        {
            await connection.SendAsync($$"""{"event":"stdout","id":"{{id}}","text":"a"}""");
            await connection.SendAsync($$"""{"event":"item","id":"{{id}}","data":{"text/plain":"1"} }""");
            await connection.SendAsync($$"""{"event":"dropped","id":"{{id}}","stream":"stderr","bytes":7}""");
            await connection.SendAsync($$"""{"event":"done","id":"{{id}}","error":{"name":"E","value":"v","traceback":"t"} }""");
        });
        await using var interpreter = await driver.ConnectAsync();
        var output = new RecordedOutput();

        var reply = await interpreter.ExecuteAsync(Command("e1"), output).WaitAsync(Bound);

        Assert.Equal(new RaisedError("E", "v", "t"), reply.Error);
        Assert.Null(reply.End);
        Assert.Equal(["out a", "item {\"text/plain\":\"1\"}", "dropped err 7"], output.Calls);
    }

    public static TheoryData<string> BrokenAnswers =>
    [
        """{"event":"done","id":"e0"}""",
        """{"event":"stdout","id":"e0","text":"of another"}""",
        """{"event":"item","id":"","data":{} }""",
        """{"event":"item","id":"e1","data":{"text/plain":1} }""",
        """{"event":"sync","id":"e1"}""",
        """{"event":"unheard-of","id":"e1"}""",
        """[1]""",
        """{"event":"done","id":"e1","error":{"name":"\ud800","value":"","traceback":""} }""",
        """not JSON""",
    ];

    [Theory, MemberData(nameof(BrokenAnswers))]
    public async Task Execute_WhenTheDriverBreaksTheProtocol_EndsTheInterpreter(string answer)
    {
        await using var driver = MisbehavingDriver.Answering((_, connection) => connection.SendAsync(answer));
        await using var interpreter = await driver.ConnectAsync();

        var reply = await interpreter.ExecuteAsync(Command("e1"), new RecordedOutput()).WaitAsync(Bound);

        Assert.Equal(InterpreterEndReason.Protocol, reply.End?.Reason);
        Assert.Equal(reply.End, await interpreter.Ended.WaitAsync(Bound));
    }

    [Fact]
    public async Task Execute_WhenAnAnswerComesTwice_EndsTheInterpreterAndMixesNothingUp()
    {
        await using var driver = MisbehavingDriver.Answering(async (id, connection) =>
        {
            await connection.SendAsync($$"""{"event":"done","id":"{{id}}"}""");
            await connection.SendAsync($$"""{"event":"done","id":"{{id}}"}""");
        });
        await using var interpreter = await driver.ConnectAsync();

        var reply = await interpreter.ExecuteAsync(Command("e1"), new RecordedOutput()).WaitAsync(Bound);
        var end = await interpreter.Ended.WaitAsync(Bound);
        var next = await interpreter.ExecuteAsync(Command("e2"), new RecordedOutput()).WaitAsync(Bound);

        Assert.Null(reply.End);
        Assert.Equal(InterpreterEndReason.Protocol, end.Reason);
        Assert.Equal(end, next.End);
    }

    [Theory]
    [InlineData("ffffffff")]
    [InlineData("00000000")]
    [InlineData("01000002")]
    public async Task Execute_WhenAFramesLengthIsOutOfRange_EndsTheInterpreter(string hex)
    {
        await using var driver = MisbehavingDriver.Answering((_, connection) => connection.SendBytesAsync(Convert.FromHexString(hex)));
        await using var interpreter = await driver.ConnectAsync();

        var reply = await interpreter.ExecuteAsync(Command("e1"), new RecordedOutput()).WaitAsync(Bound);

        Assert.Equal(InterpreterEndReason.Protocol, reply.End?.Reason);
    }

    [Fact]
    public async Task Execute_WhenTheConnectionBreaksInAFrame_SaysThatTheInterpreterIsGone()
    {
        await using var driver = MisbehavingDriver.Answering(async (_, connection) =>
        {
            await connection.SendBytesAsync([10, 0, 0, 0, (byte)'{']);
            connection.Close();
        });
        await using var interpreter = await driver.ConnectAsync();

        var reply = await interpreter.ExecuteAsync(Command("e1"), new RecordedOutput()).WaitAsync(Bound);

        Assert.Equal(InterpreterEndReason.ConnectionLost, reply.End?.Reason);
    }

    [Fact]
    public async Task Execute_WhenTheInterpreterEnds_SaysHow()
    {
        await using var driver = MisbehavingDriver.Answering(
            (id, connection) => connection.SendAsync($$"""{"event":"ended","id":"{{id}}","reason":"signaled","signal":11}"""));
        await using var interpreter = await driver.ConnectAsync();

        var running = interpreter.ExecuteAsync(Command("e1"), new RecordedOutput());
        await interpreter.DisposeAsync();
        var reply = await running.WaitAsync(Bound);

        Assert.Equal(new InterpreterEnd(InterpreterEndReason.Signaled, Signal: 11), reply.End);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(",\"id\":\"e1\"", true)]
    public async Task Execute_WhenTheInterpreterHadEndedBefore_KnowsThatTheCodeNeverStarted(string id, bool started)
    {
        await using var driver = MisbehavingDriver.Answering(
            (_, connection) => connection.SendAsync($$"""{"event":"ended","reason":"exited","code":1{{id}}}"""));
        await using var interpreter = await driver.ConnectAsync();

        var reply = await interpreter.ExecuteAsync(Command("e1"), new RecordedOutput()).WaitAsync(Bound);

        Assert.Equal(started, reply.Started);
        Assert.Equal(InterpreterEndReason.Exited, reply.End?.Reason);
    }

    [Theory]
    [InlineData("""{"event":"completions","id":"q0","matches":[],"cursor_start":0,"cursor_end":0}""")]
    [InlineData("""{"event":"completions","id":"q1","matches":[1],"cursor_start":0,"cursor_end":0}""")]
    [InlineData("""{"event":"done","id":"q1"}""")]
    [InlineData("""{"event":"stdout","id":"q1","text":"x"}""")]
    public async Task Ask_WhenTheDriverBreaksTheProtocol_EndsTheInterpreter(string answer)
    {
        await using var driver = new MisbehavingDriver((request, connection) =>
            request.GetProperty("op").GetString() switch
            {
                "start" => connection.SendAsync(MisbehavingDriver.Hello),
                "complete" => connection.SendAsync(answer),
                _ => Task.CompletedTask,
            });
        await using var interpreter = await driver.ConnectAsync();

        Assert.Null(await interpreter.AskAsync(new InquiryCommand("q1", InquiryKind.Complete, "", 0)).WaitAsync(Bound));

        Assert.Equal(InterpreterEndReason.Protocol, (await interpreter.Ended.WaitAsync(Bound)).Reason);
        Assert.Null(await interpreter.AskAsync(new InquiryCommand("q2", InquiryKind.Complete, "", 0)).WaitAsync(Bound));
    }

    [Fact]
    public async Task Dispose_WhenTheOtherSideIsSilent_DoesNotWaitForIt()
    {
        await using var driver = MisbehavingDriver.Answering((_, _) => Task.CompletedTask);
        var interpreter = await driver.ConnectAsync();
        var running = interpreter.ExecuteAsync(Command("e1"), new RecordedOutput());

        await interpreter.DisposeAsync().AsTask().WaitAsync(Bound);

        Assert.Equal(InterpreterEndReason.Closed, (await running.WaitAsync(Bound)).End?.Reason);
    }

    [Fact]
    public async Task Connect_WhenNoHelloComes_GivesUp()
    {
        await using var driver = new MisbehavingDriver((_, _) => Task.CompletedTask);
        await Assert.ThrowsAsync<InterpreterUnavailableException>(() => driver.ConnectAsync(TimeSpan.FromMilliseconds(50)));
    }

    [Theory]
    [InlineData("""{"event":"hello","protocol":2,"language":"python","version":"3"}""")]
    [InlineData("""{"event":"hello","protocol":1,"language":"typescript","version":"1"}""")]
    [InlineData("""{"event":"ended","reason":"protocol","detail":"no more homes"}""")]
    public async Task Connect_WhenTheHelloIsNotTheOneExpected_Refuses(string hello)
    {
        await using var driver = new MisbehavingDriver((_, connection) => connection.SendAsync(hello));
        await Assert.ThrowsAsync<InterpreterUnavailableException>(() => driver.ConnectAsync().WaitAsync(Bound));
    }

    [Fact]
    public async Task Connect_WhenNobodyListens_SaysSo()
    {
        var options = new InterpreterOptions();
        await Assert.ThrowsAsync<InterpreterUnavailableException>(() => Interpreter.EnterAsync(
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), "home", default, Surroundings.Default, new OutputLimits(), null, options, null, CancellationToken.None));
    }

    private static InterpreterCommand Command(string id) => new(id, 1, "1", null);

    private sealed class RecordedOutput : IOutputSink
    {
        public List<string> Calls { get; } = [];

        public void Stdout(string text) => Calls.Add($"out {text}");

        public void Stderr(string text) => Calls.Add($"err {text}");

        public void Dropped(bool ofStderr, long bytes) => Calls.Add($"dropped {(ofStderr ? "err" : "out")} {bytes}");

        public void Item(InterpreterItem item) => Calls.Add($"item {System.Text.Encoding.UTF8.GetString(item.Data)}");
    }
}

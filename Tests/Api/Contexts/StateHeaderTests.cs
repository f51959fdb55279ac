using System.Globalization;
using System.Net;
using System.Text;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Contexts;

/// <summary>Answers about files and from the live session say what became of the state; a break stays owed to the next execution.</summary>
[Collection(ApiCollection.Name)]
public sealed class StateHeaderTests(ApiFixture api)
{
    private static readonly string[] Calls = ["PUT files/f", "GET files/f", "GET files/", "PUT files/f", "GET files/none", "POST complete", "POST inspect", "DELETE files/f"];

    private readonly string _id = ApiFixture.NewContextId();

    [Theory]
    [InlineData("python")]
    [InlineData("typescript")]
    public async Task AnswersOfFilesAndQuestions_SayThatTheStateIsKept(string language)
    {
        await api.Client.ExecuteAsync("1", language, _id);
        foreach (var call in Calls)
            Assert.Equal(("kept", "1"), await StateAsync(call));
        using var restarted = await api.Client.PostAsync(new Uri($"/contexts/{_id}/restart", UriKind.Relative), null);
        foreach (var call in Calls)
            Assert.Equal(("kept", "2"), await StateAsync(call));
    }

    [Fact]
    public async Task AnswersAboutAContextThatIsNotThere_SayNothingOfAState()
    {
        foreach (var call in Calls)
            Assert.Equal((null, null), await StateAsync(call));
    }

    [Theory]
    [InlineData("GET files/", HttpStatusCode.OK)]
    [InlineData("PUT files/f", HttpStatusCode.Created)]
    [InlineData("GET files/none", HttpStatusCode.NotFound)]
    [InlineData("POST complete", HttpStatusCode.Conflict)]
    [InlineData("POST inspect", HttpStatusCode.Conflict)]
    public async Task ALoss_IsSaidByEveryAnswerUntilAnExecutionWasToldOnce(string call, HttpStatusCode status)
    {
        var sign = new Sign();
        var first = await api.Client.ExecuteAsync(
            $"x = 1\n{sign.GivePython()}\nimport os, signal; signal.signal(signal.SIGUSR1, lambda *_: os._exit(1))", contextId: _id);
        Assert.Equal("new", first.State);
        // Between two calls, so that no execution is told.
        await sign.GivenAsync();
        sign.Answer();
        await Eventually.UntilAsync(() => !Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{sign.ProcessId}")));

        Assert.Equal(("lost", "2"), await StateAsync(call, status));
        Assert.Equal(("lost", "2"), await StateAsync("PUT files/g"));
        var told = await api.Client.ExecuteAsync("x", contextId: _id);
        Assert.Equal(("ContextLost", "lost", "2"), (told.ErrorName, told.State, told.Incarnation));
        Assert.Equal(("kept", "2"), await StateAsync(call));
        var next = await api.Client.ExecuteAsync("x", contextId: _id);
        Assert.Equal(("NameError", "kept", "2", 1), (next.ErrorName, next.State, next.Incarnation, next.Count));
        Assert.Equal("True", (await api.Client.ExecuteAsync("import os; os.path.exists('g')", contextId: _id)).Text);
    }

    private async Task<(string? State, string? Incarnation)> StateAsync(string call, HttpStatusCode? status = null)
    {
        var (method, path) = (call.Split(' ')[0], call.Split(' ')[1]);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri($"/contexts/{_id}/{path}", UriKind.Relative));
        if (method == "PUT")
            request.Content = new ByteArrayContent([1]);
        else if (method == "POST")
            request.Content = new StringContent("""{"code":"pri"}""", Encoding.UTF8, "application/json");
        using var answer = await api.Client.SendAsync(request);
        Assert.Equal(status ?? answer.StatusCode, answer.StatusCode);
        return (Header(answer, "Context-State"), Header(answer, "Context-Incarnation"));
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}

using Microsoft.AspNetCore.Http;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Tests.Api.Execute;

public class ExecutionAnswerTests
{
    public static TheoryData<ErrorKind> Kinds => [.. Enum.GetValues<ErrorKind>()];

    /// <summary>A 5xx invites to run the code again, so it is only for what the platform lost.</summary>
    [Theory, MemberData(nameof(Kinds))]
    public async Task Execute_GivesEveryKindOfErrorItsStatus(ErrorKind kind)
    {
        var http = new DefaultHttpContext();
        var result = new ExecutionResult([], [], [], ExecutionError.Of(kind, "value"), 1, null, 1);

        await new ExecutionAnswer("context", "execution", result).ExecuteAsync(http);

        var isOfThePlatform = kind is ErrorKind.ContextLost or ErrorKind.SiloUnavailable or ErrorKind.InternalError;
        Assert.Equal(isOfThePlatform ? 500 : 200, http.Response.StatusCode);
    }
}

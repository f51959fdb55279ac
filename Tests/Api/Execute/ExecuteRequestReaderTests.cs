using Sandbox.Cluster.Api.Execute;

namespace Sandbox.Cluster.Tests.Api.Execute;

/// <summary>What a request means that does not say it.</summary>
public class ExecuteRequestReaderTests
{
    [Fact]
    public void WithoutTimeout_ARequestHasTheDefault()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), TimeoutOf("""{"code":""}""", new ExecuteLimits()));
        Assert.Equal(TimeSpan.FromSeconds(7), TimeoutOf("""{"code":""}""", new ExecuteLimits { DefaultTimeout = TimeSpan.FromSeconds(7) }));
        Assert.Equal(TimeSpan.FromMilliseconds(5), TimeoutOf("""{"code":"","timeout_ms":5}""", new ExecuteLimits()));
    }

    private static TimeSpan? TimeoutOf(string body, ExecuteLimits limits) =>
        ExecuteRequestReader.Read(System.Text.Encoding.UTF8.GetBytes(body), limits).Request?.Timeout;
}

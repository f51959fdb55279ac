using System.Net;
using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Hosting;

/// <summary>Without credentials the Api is this machine's alone.</summary>
[Collection(ApiCollection.Name)]
public class LoopbackOnlyTests(ApiFixture api)
{
    [Theory]
    [InlineData("evil.example", null, HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1.evil.example", null, HttpStatusCode.Forbidden)]
    [InlineData("10.0.0.1", null, HttpStatusCode.Forbidden)]
    [InlineData("localhost", null, HttpStatusCode.OK)]
    [InlineData("127.0.0.1:9999", null, HttpStatusCode.OK)]
    [InlineData("[::1]:80", null, HttpStatusCode.OK)]
    [InlineData("localhost", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost", "null", HttpStatusCode.Forbidden)]
    [InlineData("localhost", "http://localhost:3000", HttpStatusCode.OK)]
    [InlineData("localhost", "http://127.0.0.1", HttpStatusCode.OK)]
    public async Task Execute_ServesOnlyWhatComesFromThisMachine(string host, string? origin, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/execute", UriKind.Relative));
        request.Headers.Host = host;
        if (origin is not null)
            request.Headers.TryAddWithoutValidation("Origin", origin);
        request.Content = new StringContent("{\"code\":\"\"}", Encoding.UTF8, "application/json");
        using var answer = await api.Client.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
        if (status == HttpStatusCode.Forbidden)
            Assert.Equal("message", Assert.Single(JsonElement.Parse(await answer.Content.ReadAsStringAsync()).EnumerateObject()).Name);
    }

    [Fact]
    public async Task Execute_IgnoresCredentialsWhereNoneAreConfigured()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/execute", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer whatever");
        request.Content = new StringContent("{\"code\":\"\"}", Encoding.UTF8, "application/json");
        using var answer = await api.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://*:0")]
    [InlineData("http://[::]:0")]
    public async Task Start_OnAnyOtherAddress_IsRefusedAndSaysWhatToDo(string url)
    {
        var data = Directory.CreateTempSubdirectory("sandbox-test-");
        try
        {
            var (exitCode, log) = await ApiProcess.RefuseAsync(data.FullName, ("ASPNETCORE_URLS", url));
            Assert.NotEqual(0, exitCode);
            Assert.Contains("serves loopback addresses only", log, StringComparison.Ordinal);
            Assert.Contains("Sandbox__Access__AllowAnonymous", log, StringComparison.Ordinal);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}

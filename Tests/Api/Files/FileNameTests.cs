using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Files;

/// <summary>What may be the name of a file, and what is no path, through HTTP.</summary>
[Collection(ApiCollection.Name)]
public class FileNameTests(ApiFixture api) : FileTestBase(api)
{
    [Theory]
    [InlineData("%ff%fe")]
    [InlineData("%E2%98%83%20%25%2525")]
    [InlineData("a%0Ab")]
    [InlineData("C%3A%5Cwindows")]
    [InlineData("....")]
    public async Task OddNames_AreNames(string path)
    {
        var context = await NewContextAsync();
        Assert.Equal(HttpStatusCode.Created, await PutAsync(context, path, "x"));
        Assert.Equal("x", await GetTextAsync(context, path));
        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(context, path));
    }

    [Theory]
    [InlineData("..%2f..%2fetc%2fpasswd")]
    [InlineData("a/..%2f..%2f..%2fetc/passwd")]
    [InlineData("%zz")]
    public async Task WhatIsNoPath_Is400(string path)
    {
        var context = await NewContextAsync();
        await AssertIsNoPathAsync($"/contexts/{context}/files/{path}");
    }

    /// <summary>The server itself has nothing to say to it but that.</summary>
    [Fact]
    public async Task ANul_Is400()
    {
        using var client = await RawClient.ConnectAsync(Api.Api.Address);
        await client.SendAsync($"GET /contexts/{ApiFixture.NewContextId()}/files/a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", await client.ReceiveAsync("\r\n"), StringComparison.Ordinal);
    }

    /// <summary>Resolved, some of them are the context itself, which a DELETE would remove.</summary>
    [Theory]
    [InlineData("..")]
    [InlineData("%2e%2E")]
    [InlineData("../")]
    [InlineData("a/../..")]
    [InlineData("x/.%2e/%2e.")]
    [InlineData("a%2F../..")]
    [InlineData("a/..%2f..")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("%2e%2e/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("./f")]
    [InlineData("a/%2E?x")]
    public async Task APathThatWouldHaveToBeResolved_Is400AndTouchesNothing(string path)
    {
        var context = await NewContextAsync();
        foreach (var prefix in (string[])["", "http://localhost"])
            await AssertIsNoPathAsync($"{prefix}/contexts/{context}/files/{path}");
        Assert.Equal(("1", "kept"), await StateAsync(context));
    }

    [Fact]
    public async Task DotsOfAQuery_AreNoPartsOfThePath()
    {
        var context = await NewContextAsync();
        Assert.Equal(HttpStatusCode.Created, await PutAsync(context, "a..b?x=/../y", "x"));
        Assert.Equal("x", await GetTextAsync(context, "a..b?/./%2e%2e/"));
    }

    /// <summary>Says so to a request target as it is, which an <see cref="HttpClient"/> would resolve before it sends it.</summary>
    private async Task AssertIsNoPathAsync(string target)
    {
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete])
        {
            using var client = await RawClient.ConnectAsync(Api.Api.Address);
            await client.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
            var answer = await client.ReceiveAsync("]}");
            Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
            Assert.Contains("\"field\":\"path\"", answer, StringComparison.Ordinal);
        }
    }
}

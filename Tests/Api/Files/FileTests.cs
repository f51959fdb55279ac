using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Files;

/// <summary>The files of a context through HTTP.</summary>
[Collection(ApiCollection.Name)]
public class FileTests(ApiFixture api) : FileTestBase(api)
{
    private const int Limit = 256 << 20;

    public static TheoryData<string> Languages => ["python", "typescript"];

    [Theory, MemberData(nameof(Languages))]
    public async Task Files_AreSharedWithTheCodeOfTheContext(string language)
    {
        var context = await NewContextAsync(language);
        Assert.Equal(HttpStatusCode.Created, await PutAsync(context, "data/in.txt", "from outside"));
        var copied = await Api.Client.ExecuteAsync(
            language == "python"
                ? "open('data/out.txt', 'w').write(open('data/in.txt').read().upper())"
                : "require('fs').writeFileSync('data/out.txt', require('fs').readFileSync('data/in.txt', 'utf8').toUpperCase()); 12",
            contextId: context);
        Assert.Equal("12", copied.Text);
        Assert.Equal("FROM OUTSIDE", await GetTextAsync(context, "data/out.txt"));
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(context, "data/out.txt", "second"));
        Assert.Equal("second", await GetTextAsync(context, "data/out.txt"));
        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(context, "data"));
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(context, "data/out.txt")).StatusCode);
    }

    [Fact]
    public async Task Get_OfADirectory_ListsIt()
    {
        var context = await NewContextAsync();
        await Api.Client.ExecuteAsync("import os\nos.makedirs('d/sub'); os.symlink('/etc/passwd', 'd/link'); os.mkfifo('d/pipe')\n"
            + "open('d/a', 'w').write('four'); os.utime('d/a', (1.5, 1.5)); open(b'd/\\xff', 'w').close()", contextId: context);
        using var answer = await GetAsync(context, "d");
        Assert.Equal("application/json; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        var items = (await JsonAsync(answer)).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(
            ["a d/a file 4", "link d/link symlink 0", "pipe d/pipe other 0", "sub d/sub directory 0", "� d/� file 0"],
            items.Select(item => $"{item.GetProperty("name")} {item.GetProperty("path")} {item.GetProperty("type")} {item.GetProperty("size")}"));
        Assert.Equal("1970-01-01T00:00:01.5Z", items[0].GetProperty("modified_at").GetString());

        using var home = await GetAsync(context, "");
        Assert.Equal("d", Assert.Single((await JsonAsync(home)).GetProperty("items").EnumerateArray()).GetProperty("path").GetString());
    }

    [Fact]
    public async Task Get_OfALargeDirectory_ListsAllOfIt()
    {
        var context = await NewContextAsync();
        await Api.Client.ExecuteAsync("for n in range(3000): open(f'{n:04}', 'w').close()", contextId: context);
        using var answer = await GetAsync(context, "");
        Assert.Equal(
            Enumerable.Range(0, 3000).Select(n => $"{n:0000}"),
            (await JsonAsync(answer)).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Files_AreThereWhileCodeRuns()
    {
        var context = await NewContextAsync();
        await PutAsync(context, "before", "1");
        var running = Api.Client.ExecuteAsync("import os\nwhile not os.path.exists('go'): pass\nopen('go').read()", contextId: context);
        Assert.Equal("1", await GetTextAsync(context, "before"));
        Assert.Equal(HttpStatusCode.Created, await PutAsync(context, "go", "gone"));
        Assert.Equal("'gone'", (await running).Text);
    }

    [Fact]
    public async Task Put_OfALargeFileOfUnknownLength_ArrivesWhole()
    {
        var context = await NewContextAsync();
        var bytes = RandomNumberGenerator.GetBytes(20_000_003);
        using var content = new StreamContent(new MemoryStream(bytes));
        content.Headers.ContentLength = null;
        using var request = new HttpRequestMessage(HttpMethod.Put, PathOf(context, "big.bin")) { Content = content };
        request.Headers.TransferEncodingChunked = true;
        using var put = await Api.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        using var answer = await GetAsync(context, "big.bin");
        Assert.Equal(bytes.Length, answer.Content.Headers.ContentLength);
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(await answer.Content.ReadAsByteArrayAsync()));
    }

    [Theory]
    [InlineData("bytes=0-0", "0", "bytes 0-0/10")]
    [InlineData("bytes=3-5", "345", "bytes 3-5/10")]
    [InlineData("bytes=7-", "789", "bytes 7-9/10")]
    [InlineData("bytes=7-100", "789", "bytes 7-9/10")]
    [InlineData("bytes=-4", "6789", "bytes 6-9/10")]
    [InlineData("bytes=-400", "0123456789", "bytes 0-9/10")]
    public async Task Get_OfARange_AnswersWithThatPart(string range, string expected, string contentRange)
    {
        var context = await NewContextAsync();
        await PutAsync(context, "f", "0123456789");
        using var answer = await GetAsync(context, "f", range);
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
        Assert.Equal(contentRange, answer.Content.Headers.ContentRange?.ToString());
        Assert.Equal("bytes", answer.Headers.AcceptRanges.ToString());
    }

    [Theory]
    [InlineData("bytes=10-")]
    [InlineData("bytes=99999999999999-")]
    [InlineData("bytes=-0")]
    public async Task Get_OfARangeThatIsNotThere_Is416(string range)
    {
        var context = await NewContextAsync();
        await PutAsync(context, "f", "0123456789");
        using var answer = await GetAsync(context, "f", range);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, answer.StatusCode);
        Assert.Equal("bytes */10", answer.Content.Headers.ContentRange?.ToString());
        Assert.True((await JsonAsync(answer)).TryGetProperty("message", out _));
    }

    [Theory]
    [InlineData("bytes=0-1,3-4")]
    [InlineData("bytes=5-3")]
    [InlineData("bytes=a-")]
    [InlineData("lines=0-1")]
    public async Task Get_OfARangeThatIsNotUnderstood_AnswersWithAll(string range)
    {
        var context = await NewContextAsync();
        await PutAsync(context, "f", "0123456789");
        using var answer = await GetAsync(context, "f", range);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("0123456789", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Get_OfARangeUnderACondition_AnswersWithAll()
    {
        var context = await NewContextAsync();
        await PutAsync(context, "f", "0123456789");
        using var request = new HttpRequestMessage(HttpMethod.Get, PathOf(context, "f"));
        request.Headers.TryAddWithoutValidation("Range", "bytes=0-1");
        request.Headers.TryAddWithoutValidation("If-Range", "\"x\"");
        using var answer = await Api.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Get_OfAnEmptyFile_IsEmpty()
    {
        var context = await NewContextAsync();
        Assert.Equal(HttpStatusCode.Created, await PutAsync(context, "empty", ""));
        using var answer = await GetAsync(context, "empty");
        Assert.Equal((HttpStatusCode.OK, 0L), (answer.StatusCode, answer.Content.Headers.ContentLength));
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task Get_OfAFileThatIsCutMeanwhile_IsCut()
    {
        var context = await NewContextAsync();
        // More than what the connection holds.
        await Api.Client.ExecuteAsync("open('file', 'wb').truncate(200_000_000)", contextId: context);
        using var answer = await Api.Client.GetAsync(PathOf(context, "file"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200_000_000, answer.Content.Headers.ContentLength);
        Assert.Equal("0", (await Api.Client.ExecuteAsync("open('file', 'wb').tell()", contextId: context)).Text);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null));
        using var again = await GetAsync(context, "file");
        Assert.Equal(0, again.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Put_BeyondTheLimit_Is413AndLeavesNothing()
    {
        var context = await NewContextAsync();
        await PutAsync(context, "kept", "former");
        using var announced = new HttpRequestMessage(HttpMethod.Put, PathOf(context, "kept")) { Content = new StreamContent(new EndlessStream(Limit + 1)) };
        announced.Content.Headers.ContentLength = Limit + 1;
        announced.Headers.ExpectContinue = true;
        using var refused = await Api.Client.SendAsync(announced);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);

        using var request = new HttpRequestMessage(HttpMethod.Put, PathOf(context, "new/big")) { Content = new StreamContent(new EndlessStream(Limit + 1)) };
        request.Headers.TransferEncodingChunked = true;
        // The server stops reading: a client that does not listen meanwhile may only see that.
        var outcome = await Record.ExceptionAsync(async () =>
        {
            using var late = await Api.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, late.StatusCode);
        });
        Assert.True(outcome is null or HttpRequestException, outcome?.ToString());

        using var listing = await GetAsync(context, "");
        Assert.Equal("kept", Assert.Single((await JsonAsync(listing)).GetProperty("items").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal("former", await GetTextAsync(context, "kept"));
        var used = await Api.Client.ExecuteAsync("import shutil; shutil.disk_usage('.').used < 1 << 20", contextId: context);
        Assert.Equal("True", used.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_WhenTheClientLeaves_LeavesNothing(bool abruptly)
    {
        var context = await NewContextAsync();
        using (var client = await RawClient.ConnectAsync(Api.Api.Address))
        {
            await client.SendAsync($"PUT /contexts/{context}/files/half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n{new string('x', 3_000_000)}");
            client.Leave(abruptly);
        }
        // Until every upload is gone there is no room for as many as there may be.
        var checks = await Api.Client.ExecuteAsync(
            "import shutil, time\ndeadline = time.monotonic() + 30\nwhile shutil.disk_usage('.').used and time.monotonic() < deadline: time.sleep(0.01)\nimport os; (os.listdir(), shutil.disk_usage('.').used)",
            contextId: context, timeoutMs: 60_000);
        Assert.Equal("([], 0)", checks.Text);
    }

    [Fact]
    public async Task Links_AreNeverFollowed()
    {
        var context = await NewContextAsync();
        await Api.Client.ExecuteAsync(
            "import os\nos.symlink('/etc/passwd', 'file'); os.symlink('/usr', 'folder'); os.mkdir('real'); os.symlink('real', 'inside')\nopen('real/x', 'w').close()",
            contextId: context);
        foreach (var path in (string[])["file", "folder", "folder/bin", "inside", "inside/x"])
        {
            using var read = await GetAsync(context, path);
            Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, await PutAsync(context, path, "x"));
            Assert.Equal(HttpStatusCode.NotFound, await DeleteAsync(context, path));
        }
    }

    [Fact]
    public async Task WhatIsNoFileOrDirectory_Is409()
    {
        var context = await NewContextAsync();
        await Api.Client.ExecuteAsync("import os\nos.mkfifo('pipe'); os.mkdir('folder'); open('file', 'w').close()", contextId: context);
        using var read = await GetAsync(context, "pipe");
        Assert.Equal(HttpStatusCode.Conflict, read.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, await PutAsync(context, "pipe", "x"));
        Assert.Equal(HttpStatusCode.Conflict, await DeleteAsync(context, "pipe"));
        Assert.Equal(HttpStatusCode.Conflict, await PutAsync(context, "folder", "x"));
        Assert.Equal(HttpStatusCode.Conflict, await PutAsync(context, "file/below", "x"));
        Assert.Equal(HttpStatusCode.Conflict, await PutAsync(context, "", "x", expectPath: true));
        Assert.Equal(HttpStatusCode.Conflict, await DeleteAsync(context, ""));
    }

    /// <summary>Slower than the server lets bodies be that are held in memory, which it does after five seconds.</summary>
    [Fact]
    public async Task Put_OfASlowClient_IsTakenAsLongAsItsLeaseLasts()
    {
        var context = await NewContextAsync();
        using var client = await RawClient.ConnectAsync(Api.Api.Address);
        await client.SendAsync($"PUT /contexts/{context}/files/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n1");
        await Task.Delay(TimeSpan.FromSeconds(8));
        await client.SendAsync("23");
        Assert.StartsWith("HTTP/1.1 201 ", await client.ReceiveAsync("\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal("123", await GetTextAsync(context, "slow"));
    }

    [Fact]
    public async Task AContextThatNeverWas_Is404AndIsNotMade()
    {
        var context = ApiFixture.NewContextId();
        using var read = await GetAsync(context, "f");
        Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, await PutAsync(context, "f", "x"));
        Assert.Equal(HttpStatusCode.NotFound, await DeleteAsync(context, "f"));
        Assert.Equal("new", (await Api.Client.ExecuteAsync("1", contextId: context)).State);
    }

    [Fact]
    public async Task AnIdThatIsNone_Is400()
    {
        using var answer = await GetAsync("-x", "f");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("context_id", (await JsonAsync(answer)).GetProperty("errors")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task Put_OfAPart_IsRefused()
    {
        var context = await NewContextAsync();
        using var content = new StringContent("x");
        content.Headers.ContentRange = new ContentRangeHeaderValue(0, 0, 10);
        using var answer = await Api.Client.PutAsync(PathOf(context, "f"), content);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    /// <summary>So many zeros.</summary>
    private sealed class EndlessStream(long length) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, length - Position);
            Array.Clear(buffer, offset, read);
            Position += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Files;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Tests.Grains.Files;

/// <summary>What becomes of transfers whose other end breaks the protocol, is silent, or is never asked again.</summary>
public sealed class FileTransfersTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeHome _home = new();
    private readonly FileTransferOptions _options = new() { MaxTransfers = 2, TransferLease = TimeSpan.FromSeconds(10) };
    private readonly FileTransfers _transfers;

    public FileTransfersTests() => _transfers = new FileTransfers(_options, _time);

    public async ValueTask DisposeAsync()
    {
        await _transfers.DisposeAsync();
        await _home.DisposeAsync();
    }

    [Fact]
    public async Task Read_HandsOutTheRangeAndClosesWithItsEnd()
    {
        _home.Serve(Answer("""{"event":"file","size":10,"modified_ms":1500}"""), Chunk("34"), Chunk("5"));
        Assert.Equal(new FileOpened(10, DateTimeOffset.FromUnixTimeMilliseconds(1500), 3, 3), await OpenAsync("t", new ByteRange(3, 5)));
        Assert.Equal("34", Text(await _transfers.ReadAsync("t", default), isLast: false));
        Assert.Equal("5", Text(await _transfers.ReadAsync("t", default), isLast: true));
        await _home.HungUpAsync();
        Assert.Equal(new FileFailed(FileFault.TransferLost), await _transfers.ReadAsync("t", default));
    }

    [Fact]
    public async Task Read_OfAFileThatWasCutMeanwhile_EndsBeforeItsTime()
    {
        _home.Serve(Answer("""{"event":"file","size":10,"modified_ms":0}"""), Chunk("ab"), Chunk(""));
        await OpenAsync("t");
        Assert.Equal("ab", Text(await _transfers.ReadAsync("t", default), isLast: false));
        Assert.Equal("", Text(await _transfers.ReadAsync("t", default), isLast: true));
        await _home.HungUpAsync();
    }

    public static TheoryData<string> BrokenAnswers =>
    [
        """{"event":"written","created":true}""",
        """{"event":"file","size":-1,"modified_ms":0}""",
        """{"event":"entries","entries":[],"last":true}""",
        """[]""",
        """no JSON""",
    ];

    [Theory, MemberData(nameof(BrokenAnswers))]
    public async Task Open_WhenTheAnswerIsNone_FailsAndHangsUp(string answer)
    {
        _home.Serve(Answer(answer));
        Assert.Equal(new FileFailed(FileFault.Unavailable), await OpenAsync("t"));
        await _home.HungUpAsync();
    }

    [Theory]
    [InlineData("ffffffff")]
    [InlineData("00000000")]
    [InlineData("01001000")]
    [InlineData("0a0000007b")]
    public async Task Open_WhenAFrameIsNone_FailsAndHangsUp(string hex)
    {
        _home.Serve(Convert.FromHexString(hex));
        _home.HangUpAfterwards = true;
        Assert.Equal(new FileFailed(FileFault.Unavailable), await OpenAsync("t"));
        await _home.HungUpAsync();
    }

    [Fact]
    public async Task Read_WhenMoreComesThanWasAskedFor_Fails()
    {
        _home.Serve(Answer("""{"event":"file","size":2,"modified_ms":0}"""), Chunk("abc"));
        await OpenAsync("t");
        Assert.Equal(new FileFailed(FileFault.Unavailable), await _transfers.ReadAsync("t", default));
        await _home.HungUpAsync();
    }

    [Fact]
    public async Task Write_WhenNobodyGoesOnWithIt_IsGivenUp()
    {
        _home.Serve(Answer("""{"event":"ready"}"""), Answer("""{"event":"taken"}"""));
        Assert.IsType<FileAccepted>(await BeginWriteAsync("t"));
        Assert.True(_transfers.Has("t"));
        _time.Advance(_options.TransferLease);
        await _home.HungUpAsync();
        Assert.Equal(new FileFailed(FileFault.TransferLost), await WriteAsync("t", 1));
    }

    [Fact]
    public async Task Write_WithAPieceThatIsMissing_IsGivenUp()
    {
        _home.Serve(Answer("""{"event":"ready"}"""), Answer("""{"event":"taken"}"""));
        await BeginWriteAsync("t");
        Assert.Equal(new FileFailed(FileFault.TransferLost), await WriteAsync("t", 2));
        await _home.HungUpAsync();
    }

    [Fact]
    public async Task Write_WhenTheProcessDiesOfIt_FoundNoRoom()
    {
        _home.Serve(Answer("""{"event":"ready"}"""));
        _home.HangUpAfterwards = true;
        Assert.Equal(new FileFailed(FileFault.NoRoom), await BeginWriteAsync("t"));
    }

    [Fact]
    public async Task Write_WhenItsHomeIsGone_IsUnavailable()
    {
        _home.Serve(Answer("""{"event":"ready"}"""));
        _home.HangUpAfterwards = true;
        _home.End();
        Assert.Equal(new FileFailed(FileFault.Unavailable), await BeginWriteAsync("t"));
    }

    [Fact]
    public async Task Open_BeyondTheLimit_IsRefusedUntilOneIsClosed()
    {
        string[] ids = ["a", "b", "c"];
        _home.Serve(Answer("""{"event":"directory"}"""));
        Assert.IsType<DirectoryOpened>(await OpenAsync(ids[0]));
        Assert.IsType<DirectoryOpened>(await OpenAsync(ids[1]));
        Assert.Equal(new FileFailed(FileFault.TooMany), await OpenAsync(ids[2]));
        await _transfers.CloseAsync(ids[0]);
        Assert.IsType<DirectoryOpened>(await OpenAsync(ids[2]));
    }

    [Fact]
    public async Task Open_WhenTheLauncherIsGone_IsUnavailableAndCountsNothing()
    {
        _home.IsUnavailable = true;
        for (var i = 0; i < 5; i++)
            Assert.Equal(new FileFailed(FileFault.Unavailable), await OpenAsync("t"));
    }

    [Fact]
    public async Task Dispose_ClosesAll()
    {
        _home.Serve(Answer("""{"event":"directory"}"""));
        await OpenAsync("t");
        await _transfers.DisposeAsync();
        await _home.HungUpAsync();
    }

    private Task<FileReply> OpenAsync(string id, ByteRange? range = null) => _transfers.OpenAsync(id, _home, "f"u8.ToArray(), range, default);

    private Task<FileReply> BeginWriteAsync(string id) =>
        _transfers.BeginWriteAsync(_home, new WriteFileCommand(id, "f"u8.ToArray(), null, 0, "x"u8.ToArray(), false), default);

    private Task<FileReply> WriteAsync(string id, long offset) =>
        _transfers.WriteAsync(new WriteFileCommand(id, "f"u8.ToArray(), null, offset, "x"u8.ToArray(), false), default);

    private static string Text(FileReply reply, bool isLast)
    {
        var piece = Assert.IsType<FilePiece>(reply);
        Assert.Equal(isLast, piece.IsLast);
        return Encoding.UTF8.GetString(piece.Bytes);
    }

    private static byte[] Answer(string json) => Chunk(json);

    private static byte[] Chunk(string text) => [.. BitConverter.GetBytes(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    /// <summary>A home whose files are served by nobody: what is asked is dropped, and the answers lie ready.</summary>
    private sealed class FakeHome : IHome
    {
        private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
        private readonly TaskCompletionSource _ended = new();
        private readonly List<Socket> _others = [];
        private byte[] _answers = [];

        public bool HangUpAfterwards { get; set; }

        public bool IsUnavailable { get; set; }

        public Language Language => Language.Python;

        public Task Ended => _ended.Task;

        public void Serve(params byte[][] answers) => _answers = [.. answers.SelectMany(answer => answer)];

        public void End() => _ended.SetResult();

        public async Task<Stream> ConnectFilesAsync(CancellationToken cancellationToken)
        {
            if (IsUnavailable)
                throw new InterpreterUnavailableException("gone");
            var path = Path.Combine(Path.GetTempPath(), $"f{Guid.NewGuid():N}");
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
            var ours = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await ours.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            var theirs = await listener.AcceptAsync(cancellationToken);
            File.Delete(path);
            _others.Add(theirs);
            await theirs.SendAsync(_answers, cancellationToken);
            if (HangUpAfterwards)
                theirs.Shutdown(SocketShutdown.Send);
            return new NetworkStream(ours, ownsSocket: true);
        }

        /// <summary>Returns once the last one to connect has hung up.</summary>
        public async Task HungUpAsync()
        {
            using var bound = new CancellationTokenSource(Bound);
            try
            {
                while (await _others[^1].ReceiveAsync(new byte[4096], bound.Token) > 0)
                {
                    // What was asked.
                }
            }
            catch (SocketException)
            {
                // It left answers unread.
            }
        }

        public Task<IInterpreter> StartInterpreterAsync(Checkpoint? checkpoint, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<CheckpointTrailer?> SaveAsync(Stream destination, long maxBytes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync()
        {
            _others.ForEach(other => other.Dispose());
            return ValueTask.CompletedTask;
        }
    }
}

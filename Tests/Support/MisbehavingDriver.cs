using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>
/// Stands where a launcher would, and says to the host what no supervisor should. The script gets each request of the host
/// as it comes.
/// </summary>
internal sealed class MisbehavingDriver : IAsyncDisposable
{
    public const string Hello = """{"event":"hello","protocol":1,"language":"python","version":"3"}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("misbehaving-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _serving;

    public MisbehavingDriver(Func<JsonElement, Connection, Task> onRequest)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        _serving = ServeAsync(onRequest);
    }

    public string SocketPath => Path.Combine(_folder.FullName, "socket");

    /// <summary>A driver that starts well and answers each execution with this.</summary>
    public static MisbehavingDriver Answering(Func<string, Connection, Task> onExecute) => new((request, connection) =>
        request.GetProperty("op").GetString() switch
        {
            "start" => connection.SendAsync(Hello),
            "execute" => onExecute(request.GetProperty("id").GetString()!, connection),
            _ => Task.CompletedTask,
        });

    public Task<Interpreter> ConnectAsync(TimeSpan? startTimeout = null) => Interpreter.EnterAsync(
        SocketPath,
        "home",
        global::Sandbox.Cluster.Grains.Interfaces.Contexts.Language.Python,
        Surroundings.Default,
        new OutputLimits(),
        null,
        new InterpreterOptions { StartTimeout = startTimeout ?? TimeSpan.FromSeconds(30), EndTimeout = TimeSpan.FromSeconds(5) },
        null,
        CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _folder.Delete(recursive: true);
        _ending.Dispose();
    }

    private async Task ServeAsync(Func<JsonElement, Connection, Task> onRequest)
    {
        using var socket = await _listener.AcceptAsync(_ending.Token);
        var connection = new Connection(socket);
        var received = new MemoryStream();
        var chunk = new byte[4096];
        while (await socket.ReceiveAsync(chunk, _ending.Token) is > 0 and var count)
        {
            received.Write(chunk, 0, count);
            var buffer = new System.Buffers.ReadOnlySequence<byte>(received.ToArray());
            while (Frame.TryRead(ref buffer, out var frame))
            {
                using (frame)
                    await onRequest(frame.RootElement, connection);
            }
            received = new MemoryStream();
            received.Write(System.Buffers.BuffersExtensions.ToArray(buffer));
        }
    }

    internal sealed class Connection(Socket socket)
    {
        public Task SendAsync(string json) => SendBytesAsync(FrameOf(Encoding.UTF8.GetBytes(json)));

        public async Task SendBytesAsync(byte[] bytes)
        {
            try
            {
                for (var sent = 0; sent < bytes.Length;)
                    sent += await socket.SendAsync(bytes.AsMemory(sent));
            }
            catch (SocketException)
            {
                // The host hung up, as it should.
            }
        }

        public void Close() => socket.Close();

        private static byte[] FrameOf(byte[] body) => [.. BitConverter.GetBytes(body.Length), .. body];
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Sandbox.Cluster.Benchmarks;

/// <summary>
/// The peer that a user would pick instead: jupyter_server with ipykernel, both from Debian, over its own REST and WebSocket
/// interfaces. <c>apt-get install -y --no-install-recommends jupyter-server python3-ipykernel</c>
/// </summary>
internal sealed class JupyterServer : IAsyncDisposable
{
    private const string Program = "/usr/bin/jupyter-server";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly DirectoryInfo _home;
    private readonly HttpClient _http;

    private JupyterServer(Process process, DirectoryInfo home, Uri address)
    {
        _process = process;
        _home = home;
        _http = new HttpClient { BaseAddress = address, Timeout = Bound };
    }

    /// <summary>Null, and a line that says so, where it is not installed.</summary>
    public static async Task<JupyterServer?> TryStartAsync()
    {
        if (!File.Exists(Program))
        {
            Console.WriteLine("no peer: apt-get install -y --no-install-recommends jupyter-server python3-ipykernel");
            return null;
        }
        var home = Directory.CreateTempSubdirectory("jupyter-");
        var port = FreePort();
        var command = new ProcessStartInfo(Program)
        {
            ArgumentList =
            {
                "--no-browser", "--allow-root", "--ip=127.0.0.1", $"--port={port}",
                "--ServerApp.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True",
            },
            WorkingDirectory = home.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        command.Environment.Clear();
        command.Environment["HOME"] = home.FullName;
        command.Environment["PATH"] = "/usr/bin:/bin";
        command.Environment["LANG"] = "C.UTF-8";
        var process = Process.Start(command)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new JupyterServer(process, home, new Uri($"http://127.0.0.1:{port}"));
        await server.ReadyAsync();
        return server;
    }

    public async Task RunInNewKernelAsync(string code, string text)
    {
        var kernel = await StartKernelAsync(code, text);
        using var _ = await _http.DeleteAsync(new Uri($"/api/kernels/{kernel}", UriKind.Relative));
    }

    /// <summary>Starts a kernel and runs code whose value has this text. Returns the kernel's id.</summary>
    public async Task<string> StartKernelAsync(string code, string text)
    {
        using var answer = await _http.PostAsJsonAsync(new Uri("/api/kernels", UriKind.Relative), new { name = "python3" });
        var kernel = (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        using var socket = new ClientWebSocket();
        using var bound = new CancellationTokenSource(Bound);
        await socket.ConnectAsync(new Uri($"ws://{_http.BaseAddress!.Authority}/api/kernels/{kernel}/channels"), bound.Token);
        var id = Guid.NewGuid().ToString("N");
        await socket.SendAsync(Request(id, code), WebSocketMessageType.Text, endOfMessage: true, bound.Token);
        var result = "";
        for (var isIdle = false; !isIdle;)
        {
            var message = await ReceiveAsync(socket, bound.Token);
            if (!message.GetProperty("parent_header").TryGetProperty("msg_id", out var parent) || parent.GetString() != id)
                continue;
            var content = message.GetProperty("content");
            switch (message.GetProperty("header").GetProperty("msg_type").GetString())
            {
                case "execute_result":
                    result = content.GetProperty("data").GetProperty("text/plain").GetString()!;
                    break;
                case "status":
                    isIdle = content.GetProperty("execution_state").GetString() == "idle";
                    break;
            }
        }
        return result == text ? kernel : throw new InvalidOperationException($"The peer answered {result}.");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _home.Delete(recursive: true);
    }

    private static byte[] Request(string id, string code) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        header = new { msg_id = id, msg_type = "execute_request", username = "", session = id, date = "", version = "5.3" },
        parent_header = new { },
        metadata = new { },
        channel = "shell",
        content = new { code, silent = false, store_history = true, user_expressions = new { }, allow_stdin = false },
    });

    private static async Task<JsonElement> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new byte[1 << 16];
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            text.Append(Encoding.UTF8.GetString(buffer, 0, read.Count));
            if (read.EndOfMessage)
                return JsonSerializer.Deserialize<JsonElement>(text.ToString());
        }
    }

    private async Task ReadyAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        while (true)
        {
            try
            {
                using var answer = await _http.GetAsync(new Uri("/api", UriKind.Relative), bound.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(100, bound.Token);
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

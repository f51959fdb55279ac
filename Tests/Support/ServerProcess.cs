using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>A server of somebody else's that a test needs, on a free loopback port. Ends with the test.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>Debian's Redis, which keeps nothing.</summary>
    public static Task<ServerProcess> StartRedisAsync() =>
        StartAsync("redis-server", port => ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);

    /// <summary>A service of the emulator of Azure Storage, <c>blob</c> or <c>table</c>, which keeps nothing.</summary>
    public static Task<ServerProcess> StartAzuriteAsync(string service, params string[] options) => StartAsync(
        Path.Combine(Repository.Root, "Tests", "Support", "azurite", "node_modules", ".bin", $"azurite-{service}"),
        port =>
        [
            $"--{service}Host", "127.0.0.1", $"--{service}Port", port, "--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            .. options,
        ]);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<ServerProcess> StartAsync(string program, Func<string, string[]> arguments)
    {
        var port = FreePort();
        var command = new ProcessStartInfo(program) { RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var argument in arguments(port.ToString(CultureInfo.InvariantCulture)))
            command.ArgumentList.Add(argument);
        var server = new ServerProcess(Process.Start(command)!, port);
        // Nobody reads what it says; a full pipe would stop it.
        _ = server._process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        try
        {
            await Eventually.UntilAsync(async () => server._process.HasExited || await AcceptsAsync(port));
            return server._process.HasExited
                ? throw new InvalidOperationException($"{program} ended with {server._process.ExitCode} before it listened.")
                : server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A port of loopback that nobody listens on now.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

using System.Net.Sockets;
using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>The connections of their own that checkpoints travel by.</summary>
internal static class CheckpointConnection
{
    /// <summary>Takes a checkpoint of the session in a home; null when the session gives none now.</summary>
    /// <exception cref="ProtocolException">What came is no whole checkpoint.</exception>
    public static async Task<CheckpointTrailer?> ReceiveAsync(
        string socketPath, string home, Stream destination, long maxBytes, CancellationToken cancellationToken)
    {
        await using var stream = await OpenAsync(socketPath, Requests.Save(home), cancellationToken);
        try
        {
            return await CheckpointStream.CopyAsync(stream, destination, maxBytes, cancellationToken);
        }
        catch (IOException e) when (e.InnerException is SocketException)
        {
            throw new ProtocolException("The connection broke while a checkpoint came.", e);
        }
    }

    /// <summary>Gives a checkpoint to the interpreter in a home. Whether it takes it is for the interpreter to say.</summary>
    public static async Task SendAsync(string socketPath, string home, Stream checkpoint, CancellationToken cancellationToken)
    {
        await using var stream = await OpenAsync(socketPath, Requests.Restore(home), cancellationToken);
        try
        {
            await checkpoint.CopyToAsync(stream, cancellationToken);
            stream.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or IOException { InnerException: SocketException })
        {
            // It has read enough to refuse it, or has ended.
        }
    }

    private static async Task<NetworkStream> OpenAsync(string socketPath, byte[] firstFrame, CancellationToken cancellationToken)
    {
        var stream = new NetworkStream(await LauncherSocket.ConnectAsync(socketPath, cancellationToken), ownsSocket: true);
        try
        {
            await stream.WriteAsync(firstFrame, cancellationToken);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }
}

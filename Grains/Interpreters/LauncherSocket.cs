using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>Connects to a launcher.</summary>
internal static class LauncherSocket
{
    /// <exception cref="InterpreterUnavailableException">Nobody listens there.</exception>
    public static async Task<Socket> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException)
                throw new InterpreterUnavailableException("The launcher accepts no connection.", e);
            throw;
        }
    }
}

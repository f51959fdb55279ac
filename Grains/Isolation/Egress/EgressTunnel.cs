using System.Buffers;
using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>
/// Carries bytes between two sockets until both directions have ended, each by itself, or until nothing moves any more. It
/// knows nothing of what it carries, and owns neither socket.
/// </summary>
internal sealed class EgressTunnel : IDisposable
{
    /// <summary>Bytes that are held in each direction, beside the system's own buffers.</summary>
    private const int BufferBytes = 16 * 1024;

    private readonly Socket _client;
    private readonly Socket _host;
    private readonly TimeSpan _idleTimeout;
    private readonly EgressMetrics _metrics;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenSource _idle;
    private readonly CancellationTokenSource _end;

    /// <param name="client">The connection that asked for the tunnel.</param>
    /// <param name="host">The connection to the world.</param>
    /// <param name="idleTimeout">How long no byte may move in either direction.</param>
    /// <param name="metrics">Counts what is carried.</param>
    /// <param name="time">The clock of the idle timeout, which runs from here on.</param>
    /// <param name="cancellationToken">Ends the tunnel where it is.</param>
    public EgressTunnel(
        Socket client, Socket host, TimeSpan idleTimeout, EgressMetrics metrics, TimeProvider time, CancellationToken cancellationToken)
    {
        _client = client;
        _host = host;
        _idleTimeout = idleTimeout;
        _metrics = metrics;
        _cancellationToken = cancellationToken;
        _idle = new CancellationTokenSource(idleTimeout, time);
        _end = CancellationTokenSource.CreateLinkedTokenSource(_idle.Token, cancellationToken);
    }

    /// <summary>Tells the client that the tunnel stands, and carries until it ends. Called once.</summary>
    /// <param name="early">What the client has sent for the host already.</param>
    /// <returns>Closed, Broken or Idle.</returns>
    /// <exception cref="OperationCanceledException">The tunnel was ended.</exception>
    public async Task<EgressOutcome> RunAsync(ReadOnlyMemory<byte> early)
    {
        try
        {
            await _client.SendAllAsync(EgressAnswers.Connected, _end.Token);
            await Task.WhenAll(
                CopyAsync(_client, _host, EgressDirection.Out, early),
                CopyAsync(_host, _client, EgressDirection.In, ReadOnlyMemory<byte>.Empty));
            return EgressOutcome.Closed;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            return _idle.IsCancellationRequested ? EgressOutcome.Idle : EgressOutcome.Broken;
        }
    }

    public void Dispose()
    {
        _end.Dispose();
        _idle.Dispose();
    }

    /// <summary>One direction: everything that <paramref name="from"/> sends, and that it sends no more.</summary>
    private async Task CopyAsync(Socket from, Socket to, EgressDirection direction, ReadOnlyMemory<byte> early)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await SendAsync(to, direction, early);
            while (await from.ReceiveAsync(buffer.AsMemory(0, BufferBytes), _end.Token) is > 0 and var count)
            {
                _idle.CancelAfter(_idleTimeout);
                await SendAsync(to, direction, buffer.AsMemory(0, count));
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            // One half of a tunnel is no tunnel.
            await _end.CancelAsync();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task SendAsync(Socket to, EgressDirection direction, ReadOnlyMemory<byte> bytes)
    {
        await to.SendAllAsync(bytes, _end.Token);
        _idle.CancelAfter(_idleTimeout);
        _metrics.CountBytes(direction, bytes.Length);
    }
}

using System.Buffers;
using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>Reads the head of a connection: within its time and its bytes, or not at all.</summary>
internal sealed class ConnectRequestReader(TimeSpan timeout, TimeProvider time)
{
    /// <summary>The longest head, with its empty line.</summary>
    public const int MaxHeadBytes = 8 * 1024;

    /// <exception cref="EgressRefusedException">There came no request that is served.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    public async Task<ConnectRequest> ReadAsync(Socket client, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxHeadBytes);
        try
        {
            return await ReadAsync(client, buffer.AsMemory(0, MaxHeadBytes), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EgressRefusedException(EgressOutcome.RequestTimeout);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<ConnectRequest> ReadAsync(Socket client, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var count = await client.ReceiveAsync(buffer[filled..], cancellationToken);
            if (count == 0)
                throw new EgressRefusedException(EgressOutcome.Abandoned);
            var length = ConnectRequest.Measure(buffer.Span[..(filled + count)], seen: filled);
            filled += count;
            if (length > 0)
                return new ConnectRequest(ConnectRequest.HostOf(buffer.Span[..length]), buffer[length..filled].ToArray());
        }
        throw new EgressRefusedException(EgressOutcome.BadRequest);
    }
}

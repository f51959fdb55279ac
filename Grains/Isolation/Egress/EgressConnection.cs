using System.Net.Sockets;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>One connection of user code, from its request to the end of its tunnel or to its refusal. Owns both sockets.</summary>
internal sealed class EgressConnection(
    Socket client, HostAllowList allowed, EgressConnector connector, EgressOptions options, EgressMetrics metrics, TimeProvider time)
{
    /// <summary>How long a client has to take its refusal, and what it may still send meanwhile.</summary>
    private static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(2);
    private const int LingerBytes = 64 * 1024;

    /// <summary>Serves it; both sockets are closed when this completes.</summary>
    public async Task<EgressOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var outcome = EgressOutcome.Failed;
        try
        {
            outcome = await ServeAsync(cancellationToken);
        }
        catch (EgressRefusedException e)
        {
            outcome = e.Outcome;
            await RefuseAsync(outcome, cancellationToken);
        }
        catch (SocketException)
        {
            // Only the client's: the connector answers for the host's, and the tunnel for both.
            outcome = EgressOutcome.Abandoned;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = EgressOutcome.ContextEnded;
        }
        finally
        {
            Close(client, outcome);
        }
        return outcome;
    }

    private async Task<EgressOutcome> ServeAsync(CancellationToken cancellationToken)
    {
        client.NoDelay = true;
        var request = await new ConnectRequestReader(options.HandshakeTimeout, time).ReadAsync(client, cancellationToken);
        if (!allowed.Allows(request.Host))
            throw new EgressRefusedException(EgressOutcome.HostNotAllowed);

        var host = await connector.ConnectAsync(request.Host, cancellationToken);
        var outcome = EgressOutcome.Broken;
        try
        {
            host.NoDelay = true;
            using var tunnel = new EgressTunnel(client, host, options.IdleTimeout, metrics, time, cancellationToken);
            return outcome = await tunnel.RunAsync(request.Rest);
        }
        finally
        {
            Close(host, outcome);
        }
    }

    /// <summary>What did not end by itself is reset, so that neither side takes it for an end, and no kernel keeps its bytes.</summary>
    private static void Close(Socket socket, EgressOutcome outcome)
    {
        if (outcome is EgressOutcome.Broken or EgressOutcome.Idle or EgressOutcome.ContextEnded or EgressOutcome.Failed)
            socket.Close(timeout: 0);
        else
            socket.Dispose();
    }

    /// <summary>Answers, and reads what still comes: closing with bytes unread resets the connection, and may cost it the answer.</summary>
    private async Task RefuseAsync(EgressOutcome outcome, CancellationToken cancellationToken)
    {
        if (EgressAnswers.To(outcome) is not { } answer)
            return;
        using var late = new CancellationTokenSource(LingerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await client.SendAllAsync(answer, either.Token);
            client.Shutdown(SocketShutdown.Send);
            var buffer = new byte[4096];
            for (var drained = 0; drained < LingerBytes;)
            {
                var count = await client.ReceiveAsync(buffer, either.Token);
                if (count == 0)
                    return;
                drained += count;
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // It had its chance.
        }
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>
/// The egress of one context: owns the listening socket in the context's network, and every connection that came of it.
/// Disposed, it leaves none of them.
/// </summary>
internal sealed partial class EgressSession : IAsyncDisposable
{
    /// <summary>
    /// How long a connection that did not end as tunnels do keeps its place: what the silo spends on refusals is bounded by this and
    /// the number of places, however fast user code connects.
    /// </summary>
    private static readonly TimeSpan RefusalPause = TimeSpan.FromMilliseconds(100);

    /// <summary>How long nothing is accepted after that has failed, for want of file descriptors mostly.</summary>
    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    private readonly Socket _listener;
    private readonly HostAllowList _allowed;
    private readonly EgressConnector _connector;
    private readonly EgressOptions _options;
    private readonly SemaphoreSlim _places;
    private readonly EgressMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _serving;

    internal EgressSession(
        Socket listener,
        HostAllowList allowed,
        EgressConnector connector,
        EgressOptions options,
        EgressMetrics metrics,
        TimeProvider time,
        ILogger logger)
    {
        _listener = listener;
        _allowed = allowed;
        _connector = connector;
        _options = options;
        _places = new SemaphoreSlim(options.MaxConnections);
        _metrics = metrics;
        _time = time;
        _logger = logger;
        // Neither on the scheduler of the grain that asks for it nor in the logging scopes of its request: this outlives both.
        using (ExecutionContext.SuppressFlow())
            _serving = Task.Run(ServeAsync);
    }

    /// <summary>Closes the listener, resets every connection, and waits until they are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                await AcceptAsync();
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The context ends.
        }
        catch (Exception e)
        {
            LogBroken(_logger, e);
        }
        finally
        {
            _listener.Dispose();
        }
        // Whoever has every place is alone.
        for (var place = 0; place < _options.MaxConnections; place++)
            await _places.WaitAsync();
        _places.Dispose();
        _connector.Dispose();
    }

    /// <summary>Takes a connection when there is a place for it; until then it waits in the listener's backlog, which is bounded.</summary>
    private async Task AcceptAsync()
    {
        await _places.WaitAsync(_ending.Token);
        Socket client;
        try
        {
            client = await _listener.AcceptAsync(_ending.Token);
        }
        catch (SocketException e)
        {
            _places.Release();
            LogNotAccepted(_logger, e.SocketErrorCode);
            await Task.Delay(AcceptPause, _time, _ending.Token);
            return;
        }
        catch
        {
            _places.Release();
            throw;
        }
        _ = TendAsync(client);
    }

    /// <summary>Looks after one connection, and gives its place back.</summary>
    private async Task TendAsync(Socket client)
    {
        try
        {
            var clock = Stopwatch.StartNew();
            var outcome = await OutcomeOfAsync(client);
            _metrics.CountConnection(outcome);
            LogEnded(_logger, outcome, clock.ElapsedMilliseconds);
            if (outcome is not (EgressOutcome.Closed or EgressOutcome.Idle))
                await Task.Delay(RefusalPause, _time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task<EgressOutcome> OutcomeOfAsync(Socket client)
    {
        try
        {
            return await new EgressConnection(client, _allowed, _connector, _options, _metrics, _time).RunAsync(_ending.Token);
        }
        catch (Exception e)
        {
            // Not its message, which may name a host.
            LogFault(_logger, e.GetType().Name, e.StackTrace);
            return EgressOutcome.Failed;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "An egress connection ended after {Milliseconds} ms: {Outcome}")]
    private static partial void LogEnded(ILogger logger, EgressOutcome outcome, long milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An egress connection could not be accepted: {Error}")]
    private static partial void LogNotAccepted(ILogger logger, SocketError error);

    [LoggerMessage(Level = LogLevel.Error, Message = "An egress connection failed: {Error}\n{Stack}")]
    private static partial void LogFault(ILogger logger, string error, string? stack);

    [LoggerMessage(Level = LogLevel.Error, Message = "The egress of a context takes no more connections")]
    private static partial void LogBroken(ILogger logger, Exception exception);
}

using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Streams;

/// <summary>
/// Passes the events of one execution on as they come. Begins with the first of them, or with the first comment: until then
/// whatever comes can still be a plain answer.
/// </summary>
internal sealed class ExecutionStream(HttpContext http, ContextKey key, string executionId, EventClient events)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    // Of a client that takes nothing.
    private static readonly TimeSpan RenewPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ServerSentEvents _stream = new(http.Response);
    private long _last;
    private bool _hasEnded;

    /// <summary>Whether anything was sent.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Follows the execution to its end, as its client.</summary>
    public async Task<ExecutionReply> FollowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await ReadAsync(cancellationToken);
            if (page is null)
                return new ExecutionUnknown();
            if (page.Refusal is { } refusal)
                return refusal;
            var result = page.IsLast && page.Events is [.., EndEvent end] ? end.Result : null;
            // Nothing ran, and the status can say whose fault that is.
            if (!HasBegun && result is { ExecutionCount: null } && ExecutionAnswer.StatusOf(result.Error?.Kind) != StatusCodes.Status200OK)
                return new ExecutionEnded(result);
            if (page.Events.Length > 0)
                await WriteAsync(page.Events, cancellationToken);
            if (result is not null)
                return new ExecutionEnded(result);
        }
    }

    /// <summary>Closes a stream that has begun, however the execution ended.</summary>
    public async Task EndAsync(ExecutionReply reply, CancellationToken cancellationToken)
    {
        if (_hasEnded)
            return;
        var result = (reply as ExecutionEnded)?.Result;
        var error = reply switch
        {
            ExecutionEnded => result?.Error,
            ExecutionRefused => ExecutionError.Of(ErrorKind.InternalError, "The execution waited, and no silo takes it any more. The code was not run."),
            _ => ExecutionAnswer.SiloIsGone,
        };
        if (error is not null)
            EventJson.WriteError(_stream, ++_last, error);
        EventJson.WriteEnd(_stream, ++_last, key.ContextId, result, error);
        await FlushAsync(cancellationToken);
    }

    /// <summary>The next events; comments while there are none.</summary>
    private async Task<EventPage?> ReadAsync(CancellationToken cancellationToken)
    {
        var quietSince = events.Time.GetTimestamp();
        while (true)
        {
            var reading = events.ReadAsync(key, executionId, _last, isItsClient: true, cancellationToken);
            while (!reading.IsCompleted)
            {
                var rest = Silence - events.Time.GetElapsedTime(quietSince);
                if (rest <= TimeSpan.Zero)
                {
                    Begin();
                    _stream.WriteComment();
                    await FlushAsync(cancellationToken);
                    quietSince = events.Time.GetTimestamp();
                    continue;
                }
                await ((Task)reading).WaitAsync(rest, events.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            var page = await reading;
            if (page is not { Events: [], IsLast: false, Refusal: null })
                return page;
        }
    }

    private async Task WriteAsync(ExecutionEvent[] happened, CancellationToken cancellationToken)
    {
        Begin();
        foreach (var one in happened)
        {
            EventJson.Write(_stream, key.ContextId, executionId, one);
            _last = one.Sequence;
            _hasEnded = one is EndEvent;
        }
        await FlushAsync(cancellationToken);
    }

    private void Begin()
    {
        if (HasBegun)
            return;
        HasBegun = true;
        http.Response.Headers["Execution-Id"] = executionId;
        _stream.Begin();
    }

    /// <summary>A client that takes nothing for a while is still there, and its execution goes on; one that never does is not.</summary>
    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        var flushing = http.Response.BodyWriter.FlushAsync(cancellationToken).AsTask();
        var since = events.Time.GetTimestamp();
        while (!flushing.IsCompleted)
        {
            await ((Task)flushing).WaitAsync(RenewPeriod, events.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (flushing.IsCompleted)
                break;
            if (events.Time.GetElapsedTime(since) > Patience)
                http.Abort();
            await events.RenewAsync(key, executionId, cancellationToken);
        }
        await flushing;
        cancellationToken.ThrowIfCancellationRequested();
    }
}

using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Streams;

/// <summary>
/// Passes the events of one execution on as they come. Begins with the first of them, or with the first comment: until then
/// whatever comes can still be a plain answer.
/// </summary>
/// <param name="http">The client's request.</param>
/// <param name="key">The context.</param>
/// <param name="executionId">The execution.</param>
/// <param name="events">Where they come from.</param>
/// <param name="format">How they are written.</param>
/// <param name="isItsClient">Whether this is who sent the code, and goes on only while it is there.</param>
/// <param name="after">The last event that is known already; 0 for none.</param>
internal sealed class ExecutionStream(
    HttpContext http, ContextKey key, string executionId, EventClient events, IEventFormat format, bool isItsClient = true, long after = 0)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    // Of a client that takes nothing.
    private static readonly TimeSpan RenewPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ServerSentEvents _stream = new(http.Response);
    private long _last = after;
    private string? _toldOf;
    private bool _hasTold;
    private bool _hasEnded;

    /// <summary>Whether anything was sent.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Follows the execution to its end.</summary>
    public async Task<ExecutionReply> FollowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await ReadAsync(cancellationToken);
            if (page is null)
            {
                // What somebody else may know of it does not go on from what was sent.
                return _hasTold ? new ExecutionInDoubt() : new ExecutionUnknown();
            }
            if (page.Instead is { } instead)
                return instead;
            var result = page.IsLast && page.Events is [.., EndEvent end] ? end.Result : null;
            // Nothing ran, and the status can say whose fault that is.
            if (!HasBegun && result is { ExecutionCount: null } && ExecutionAnswer.StatusOf(result.Error?.Kind) != StatusCodes.Status200OK)
                return new ExecutionEnded(result);
            if (page.Events.Length > 0)
                await WriteAsync(page.Events, cancellationToken);
            // Who has seen everything before gets a stream without events.
            if (page is { IsLast: true, Events: [] })
            {
                Begin();
                _hasEnded = true;
                await FlushAsync(cancellationToken);
                return new ExecutionUnknown();
            }
            if (result is not null)
                return new ExecutionEnded(result);
        }
    }

    /// <summary>Tells of an execution that is over and left its answer alone. No event was sent before.</summary>
    public async Task TellAsync(ExecutionEnded stored, CancellationToken cancellationToken)
    {
        if (stored.StoredOf is { } first && first != executionId)
        {
            _toldOf = first;
            if (!HasBegun)
                http.Response.Headers[IdempotencyHeader.Replayed] = "true";
        }
        // They are fewer than there were when it ran: whoever saw more of them then still has not seen the end.
        var all = StoredEvents.Of(stored.Result);
        if (all[^1].Sequence < _last)
            all = [all[^1] with { Sequence = _last + 1 }];
        await WriteAsync([.. all.Where(happened => happened.Sequence > _last)], cancellationToken);
        _hasEnded = true;
    }

    /// <summary>Closes a stream that has begun, however the execution ended.</summary>
    public async Task EndAsync(ExecutionReply reply, CancellationToken cancellationToken)
    {
        if (_hasEnded)
            return;
        format.WriteEnd(_stream, key.ContextId, _last, reply is ExecutionRefused
            ? ExecutionError.Of(ErrorKind.InternalError, "The execution waited, and no silo takes it any more. The code was not run.")
            : ExecutionAnswer.SiloIsGone);
        await FlushAsync(cancellationToken);
    }

    /// <summary>The next events; comments while there are none.</summary>
    private async Task<EventPage?> ReadAsync(CancellationToken cancellationToken)
    {
        var quietSince = events.Time.GetTimestamp();
        while (true)
        {
            var reading = events.ReadAsync(key, executionId, _last, isItsClient, cancellationToken);
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
                // Who waited last is told first, and in the same breath: the call would hear of it only once this is left.
                cancellationToken.ThrowIfCancellationRequested();
            }
            var page = await reading;
            if (page is not { Events: [], IsLast: false, Instead: null })
                return page;
        }
    }

    private async Task WriteAsync(ExecutionEvent[] happened, CancellationToken cancellationToken)
    {
        Begin();
        foreach (var one in happened)
        {
            format.Write(_stream, key.ContextId, _toldOf ?? executionId, one);
            _last = one.Sequence;
            _hasTold = true;
            _hasEnded = one is EndEvent;
        }
        await FlushAsync(cancellationToken);
    }

    private void Begin()
    {
        if (HasBegun)
            return;
        HasBegun = true;
        http.Response.Headers["Execution-Id"] = _toldOf ?? executionId;
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
            // A client that left ends the flush as well.
            if (flushing.IsCompleted || cancellationToken.IsCancellationRequested)
                break;
            if (events.Time.GetElapsedTime(since) > Patience)
                http.Abort();
            if (isItsClient)
                await events.RenewAsync(key, executionId, cancellationToken);
        }
        await flushing;
        cancellationToken.ThrowIfCancellationRequested();
    }
}

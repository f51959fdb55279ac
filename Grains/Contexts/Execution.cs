using System.Diagnostics;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>One execution from its acceptance to the moment its result is handed out, or nobody is left to take it.</summary>
internal sealed class Execution
{
    private readonly TaskCompletionSource<ExecutionReply> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<InterruptCause> _interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _handedOut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _time;
    private readonly TimeSpan _lease;
    private readonly ITimer _leaseTimer;
    private readonly CancellationTokenRegistration _shutdown;
    private readonly TimeSpan _drainGrace;
    private readonly ITimer _drainTimer;
    private readonly long _accepted;
    private volatile bool _hasStarted;

    /// <param name="command">What to run.</param>
    /// <param name="lease">How long its client may be silent.</param>
    /// <param name="drainGrace">How long it goes on, once started, when the silo shuts down.</param>
    /// <param name="time">The clock of both.</param>
    /// <param name="stopping">The silo's shutting down.</param>
    public Execution(ExecuteCommand command, TimeSpan lease, TimeSpan drainGrace, TimeProvider time, CancellationToken stopping)
    {
        Command = command;
        Events = new ExecutionEvents(time);
        _time = time;
        _accepted = time.GetTimestamp();
        // Nobody has to be there for what is asked for later.
        _lease = command.Delivery == Delivery.Later ? Timeout.InfiniteTimeSpan : lease;
        _leaseTimer = time.CreateTimer(_ => Interrupt(InterruptCause.ClientGone), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _drainGrace = drainGrace;
        _drainTimer = time.CreateTimer(_ => Interrupt(InterruptCause.ShuttingDown), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _shutdown = stopping.Register(Drain);
    }

    public ExecuteCommand Command { get; }

    /// <summary>The call that brought it, for who follows its trace.</summary>
    public ActivityContext Caller { get; } = Activity.Current?.Context ?? default;

    /// <summary>How long ago it was accepted.</summary>
    public TimeSpan Age => _time.GetElapsedTime(_accepted);

    /// <summary>What it did so far.</summary>
    public ExecutionEvents Events { get; }

    /// <summary>Completes when it has ended, or was refused after all.</summary>
    public Task<ExecutionReply> Reply => _reply.Task;

    /// <summary>Completes with the first cause to interrupt it.</summary>
    public Task<InterruptCause> Interrupted => _interrupted.Task;

    /// <summary>Completes with whether anybody took the result. Bounded: without a client its lease lapses.</summary>
    public Task<bool> HandedOut => _handedOut.Task;

    /// <summary>Asks for its interruption. Any thread, any number of times: the first cause counts.</summary>
    public void Interrupt(InterruptCause cause)
    {
        _interrupted.TrySetResult(cause);
        if (cause == InterruptCause.ClientGone)
            Leave(tookResult: false);
    }

    /// <summary>Its turn has come; from here on it is not sent elsewhere when the silo shuts down.</summary>
    public void Start() => _hasStarted = true;

    /// <summary>It has ended, or was refused after all. Returns what is answered.</summary>
    public ExecutionReply Complete(ExecutionReply reply)
    {
        // Of what was sent again nobody may say that it was not run: another activation may have run it.
        if (Command.Age is not null && reply is ExecutionEnded { Result.ExecutionCount: null })
            reply = new ExecutionInDoubt();
        if (_reply.TrySetResult(reply))
            Events.Close(reply);
        // Nobody waits: that it is kept is all there is to do.
        if (Command.Delivery == Delivery.Later)
            Leave(tookResult: true);
        return reply;
    }

    /// <summary>Its client is there: from now on it has the time of its lease to call.</summary>
    public void Renew() => _leaseTimer.Change(_lease, Timeout.InfiniteTimeSpan);

    /// <summary>
    /// Reads its events on behalf of its client, who then has the time of its lease to go on. A cancelled wait is a client that
    /// left.
    /// </summary>
    public async Task<EventPage> ReadEventsAsync(long after, TimeSpan patience, CancellationToken cancellationToken)
    {
        _leaseTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var page = await Events.ReadAsync(after, patience, cancellationToken);
        if (cancellationToken.IsCancellationRequested)
            Interrupt(InterruptCause.ClientGone);
        else if (page.IsLast)
            Leave(tookResult: true);
        else
            Renew();
        return page;
    }

    /// <summary>
    /// Waits for the end on behalf of its client; false when it is not there within <paramref name="patience"/>. From then
    /// on the client has the time of its lease to ask again. A cancelled wait is a client that left.
    /// </summary>
    public async Task<bool> EndsWithinAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        _leaseTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await ((Task)Reply).WaitAsync(patience, _time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (cancellationToken.IsCancellationRequested)
        {
            if (Command.Delivery != Delivery.Later)
                Interrupt(InterruptCause.ClientGone);
            return false;
        }
        if (Reply.IsCompleted)
        {
            Leave(tookResult: true);
            return true;
        }
        _leaseTimer.Change(_lease, Timeout.InfiniteTimeSpan);
        return false;
    }

    private void Leave(bool tookResult)
    {
        if (!_handedOut.TrySetResult(tookResult))
            return;
        _leaseTimer.Dispose();
        _drainTimer.Dispose();
        _shutdown.Unregister();
    }

    /// <summary>What waits can run elsewhere; what runs has its share of the time that the silo has.</summary>
    private void Drain()
    {
        if (_hasStarted)
            _drainTimer.Change(_drainGrace, Timeout.InfiniteTimeSpan);
        else
            Interrupt(InterruptCause.ShuttingDown);
    }
}

using System.IO.Pipelines;
using System.Net.Sockets;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;
using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>The host's end of an interpreter: owns the connection to its supervisor, and so the processes behind it.</summary>
internal sealed class Interpreter : IInterpreter
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly InterpreterOptions _options;
    private Task _reading = Task.CompletedTask;
    private IAsyncDisposable? _egress;
    private readonly TaskCompletionSource<Hello> _hello = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<InterpreterEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private volatile Running? _running;
    private volatile Asked? _asked;
    private volatile bool _hangingUp;

    private Interpreter(Socket socket, InterpreterOptions options)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _options = options;
    }

    public Task<InterpreterEnd> Ended => _ended.Task;

    /// <summary>Enters a home of a launcher and waits for the driver's hello.</summary>
    /// <param name="socketPath">The launcher's socket.</param>
    /// <param name="home">The home's name, which the launcher gave it.</param>
    /// <param name="language">The language that the driver has to speak.</param>
    /// <param name="surroundings">Where it begins, and with which variables.</param>
    /// <param name="limits">What the supervisor and the driver keep of its output.</param>
    /// <param name="serveEgress">Serves the door out of the context's network until it is disposed; null: there is none.</param>
    /// <param name="options">The timeouts.</param>
    /// <param name="checkpoint">The session to begin with; null: an empty one.</param>
    /// <param name="cancellationToken">Ends what was started.</param>
    /// <exception cref="InterpreterUnavailableException">The interpreter did not say hello in time, or not rightly.</exception>
    /// <exception cref="RestoreRefusedException">It does not take the checkpoint.</exception>
    public static async Task<Interpreter> EnterAsync(
        string socketPath,
        string home,
        Language language,
        Surroundings surroundings,
        OutputLimits limits,
        Func<Socket, IAsyncDisposable>? serveEgress,
        InterpreterOptions options,
        Checkpoint? checkpoint,
        CancellationToken cancellationToken)
    {
        var patience = checkpoint?.Timeout ?? options.StartTimeout;
        var interpreter = new Interpreter(await LauncherSocket.ConnectAsync(socketPath, cancellationToken), options);
        try
        {
            await interpreter.SendAsync(Requests.Enter(home));
            await interpreter.SendAsync(Requests.Start(limits, surroundings, hasEgress: serveEgress is not null, isRestored: checkpoint is not null));
            if (serveEgress is not null)
                await interpreter.OpenEgressAsync(serveEgress, options.StartTimeout, cancellationToken);
            interpreter._reading = Task.Run(interpreter.ReadAsync, CancellationToken.None);
            if (checkpoint is not null)
                await GiveAsync(checkpoint, socketPath, home, cancellationToken);
            var hello = await interpreter._hello.Task.WaitAsync(patience, cancellationToken);
            if (hello.Language != LanguageName(language))
                throw new InterpreterUnavailableException("The launcher starts interpreters of another language.");
            if (hello.IsRestored != checkpoint is not null)
                throw new InterpreterUnavailableException("The driver says hello for another session.");
            return interpreter;
        }
        catch (Exception e)
        {
            await interpreter.DisposeAsync();
            if (e is not TimeoutException)
                throw;
            throw checkpoint is null
                ? new InterpreterUnavailableException($"The interpreter did not start within {patience.TotalSeconds:0} s.", e)
                : new RestoreRefusedException($"it was not restored within {patience.TotalSeconds:0} s");
        }
    }

    public async Task<InterpreterReply> ExecuteAsync(InterpreterCommand command, IOutputSink output)
    {
        var running = new Running(command.ExecutionId, output);
        if (Interlocked.CompareExchange(ref _running, running, null) is not null)
            throw new InvalidOperationException("The interpreter is running another execution.");
        // Set before the check, so that an end between the two is seen by one of them.
        if (_ended.Task.IsCompleted)
            return new InterpreterReply(null, await _ended.Task, Started: false);
        await SendAsync(Requests.Execute(command));
        return await running.Reply.Task;
    }

    public async Task<InquiryReply?> AskAsync(InquiryCommand command)
    {
        if (_ended.Task.IsCompleted)
            return null;
        var asked = new Asked(command.InquiryId);
        if (_running is not null || Interlocked.CompareExchange(ref _asked, asked, null) is not null)
            throw new InvalidOperationException("The interpreter is doing something else.");
        // Set before the check, so that an end between the two is seen by one of them.
        if (_ended.Task.IsCompleted)
            return null;
        await SendAsync(Requests.Inquire(command));
        return await asked.Answer.Task;
    }

    public Task InterruptAsync(string executionId, InterruptRung rung) => SendAsync(Requests.Interrupt(executionId, rung));

    public async ValueTask DisposeAsync()
    {
        if (!_hangingUp)
        {
            _hangingUp = true;
            try
            {
                // Half a hang-up: the supervisor ends everything, says so, and closes.
                _socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The connection is gone already.
            }
        }
        await _reading.WaitAsync(_options.EndTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stream.DisposeAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await EndEgressAsync();
    }

    private static async Task GiveAsync(Checkpoint checkpoint, string socketPath, string home, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(checkpoint.Timeout);
        try
        {
            await CheckpointConnection.SendAsync(socketPath, home, checkpoint.Content, bound.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(null, e);
        }
    }

    /// <summary>Before anything is read: the door comes with the first byte.</summary>
    private async Task OpenEgressAsync(Func<Socket, IAsyncDisposable> serve, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(timeout);
        try
        {
            var door = await AncillarySocket.ReceiveAsync(_socket, bound.Token);
            try
            {
                _egress = serve(door);
            }
            catch
            {
                door.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or ArgumentException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new InterpreterUnavailableException("The interpreter handed over no door to its network.", e);
        }
    }

    private async ValueTask EndEgressAsync()
    {
        if (_egress is not null)
            await _egress.DisposeAsync();
    }

    private static string LanguageName(Language language) => language switch
    {
        Language.Python => "python",
        Language.TypeScript => "typescript",
        _ => throw new ArgumentOutOfRangeException(nameof(language), language, null),
    };

    /// <summary>A connection that takes no bytes is a dead one; the reader notices and ends the interpreter.</summary>
    private async Task SendAsync(byte[] frame)
    {
        using var bound = new CancellationTokenSource(_options.SendTimeout);
        try
        {
            await _writing.WaitAsync(bound.Token);
            try
            {
                await _stream.WriteAsync(frame, bound.Token);
            }
            finally
            {
                _writing.Release();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            await _stream.DisposeAsync();
        }
    }

    private async Task ReadAsync()
    {
        var reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true));
        InterpreterEnd? end = null;
        var started = true;
        try
        {
            var last = await ReadToEndAsync(reader);
            end = last?.End;
            // The supervisor names what was running. What it does not name never reached the driver.
            started = last is null || last.ExecutionId is not null;
        }
        catch (ProtocolException e)
        {
            end = new InterpreterEnd(InterpreterEndReason.Protocol, Detail: e.Message);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The connection broke, or this side gave it up.
        }
        finally
        {
            await reader.CompleteAsync();
            await _stream.DisposeAsync();
            await EndEgressAsync();
            end ??= new InterpreterEnd(_hangingUp ? InterpreterEndReason.Closed : InterpreterEndReason.ConnectionLost);
            _ended.TrySetResult(end);
            _hello.TrySetException(end.Reason == InterpreterEndReason.Restore
                ? new RestoreRefusedException(end.Detail ?? end.Describe())
                : new InterpreterUnavailableException($"The interpreter did not start: {end.Describe()}."));
            _running?.Reply.TrySetResult(new InterpreterReply(null, end, started));
            _asked?.Answer.TrySetResult(null);
        }
    }

    /// <summary>Reads to <c>ended</c>, the last frame of a connection; null when the connection ends without it.</summary>
    private async Task<Ended?> ReadToEndAsync(PipeReader reader)
    {
        while (true)
        {
            var read = await reader.ReadAsync();
            var buffer = read.Buffer;
            while (Frame.TryRead(ref buffer, out var frame))
            {
                using (frame)
                {
                    var message = EventReader.Read(frame.RootElement);
                    if (message is Ended ended)
                        return ended;
                    Handle(message);
                }
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                return null;
        }
    }

    private void Handle(InterpreterEvent message)
    {
        switch (message)
        {
            case Hello hello:
                _hello.TrySetResult(hello);
                break;
            case Output output when output.IsStderr:
                OutputOf(output.ExecutionId).Stderr(output.Text);
                break;
            case Output output:
                OutputOf(output.ExecutionId).Stdout(output.Text);
                break;
            case Dropped dropped:
                OutputOf(dropped.ExecutionId).Dropped(dropped.OfStderr, dropped.Bytes);
                break;
            case Item item:
                OutputOf(item.ExecutionId).Item(item.Value);
                break;
            case Answered answered when _asked is { } asked && asked.InquiryId == answered.InquiryId:
                _asked = null;
                asked.Answer.TrySetResult(answered.Reply);
                break;
            case Answered:
                throw new ProtocolException("An answer to what was not asked.");
            case Done done:
                OutputOf(done.ExecutionId);
                var running = _running!;
                _running = null;
                running.Reply.TrySetResult(new InterpreterReply(done.Error, null));
                break;
        }
    }

    private IOutputSink OutputOf(string executionId) =>
        _running is { } running && running.ExecutionId == executionId
            ? running.Output
            : throw new ProtocolException("An event names an execution that is not running.");

    private sealed record Asked(string InquiryId)
    {
        public TaskCompletionSource<InquiryReply?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed record Running(string ExecutionId, IOutputSink Output)
    {
        public TaskCompletionSource<InterpreterReply> Reply { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

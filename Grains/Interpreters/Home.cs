using System.IO.Pipelines;
using System.Net.Sockets;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interpreters.Protocol;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>The host's end of a home: owns the connection that holds it.</summary>
internal sealed class Home : IHome
{
    private readonly string _socketPath;
    private readonly string _name;
    private readonly Surroundings _surroundings;
    private readonly OutputLimits _limits;
    private readonly Func<Socket, IAsyncDisposable>? _serveEgress;
    private readonly InterpreterOptions _options;
    private readonly Socket _socket;

    private Home(
        Socket socket,
        string socketPath,
        Opened opened,
        Language language,
        Surroundings surroundings,
        OutputLimits limits,
        Func<Socket, IAsyncDisposable>? serveEgress,
        InterpreterOptions options)
    {
        _socket = socket;
        _socketPath = socketPath;
        _name = opened.Home;
        IsWarm = opened.IsWarm;
        Language = language;
        _surroundings = surroundings;
        _limits = limits;
        _serveEgress = serveEgress;
        _options = options;
        Ended = WaitForEndAsync();
    }

    public Language Language { get; }

    public Task Ended { get; }

    /// <summary>Whether an interpreter had been waiting in it.</summary>
    public bool IsWarm { get; }

    /// <summary>Asks a launcher for a new home.</summary>
    /// <param name="socketPath">The launcher's socket.</param>
    /// <param name="language">The launcher's language.</param>
    /// <param name="surroundings">What every interpreter there begins with.</param>
    /// <param name="limits">What is kept of an interpreter's output.</param>
    /// <param name="serveEgress">Serves the door out of a context's network; null: there is none.</param>
    /// <param name="options">The timeouts.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="InterpreterUnavailableException">There was none to be had within the configured time.</exception>
    public static async Task<Home> OpenAsync(
        string socketPath,
        Language language,
        Surroundings surroundings,
        OutputLimits limits,
        Func<Socket, IAsyncDisposable>? serveEgress,
        InterpreterOptions options,
        CancellationToken cancellationToken)
    {
        var socket = await LauncherSocket.ConnectAsync(socketPath, cancellationToken);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(options.StartTimeout);
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: false);
            await stream.WriteAsync(Requests.Open(), bound.Token);
            return new Home(socket, socketPath, await ReadOpenedAsync(stream, bound.Token), language, surroundings, limits, serveEgress, options);
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw e switch
            {
                OperationCanceledException when !cancellationToken.IsCancellationRequested =>
                    new InterpreterUnavailableException($"The launcher gave no home within {options.StartTimeout.TotalSeconds:0} s.", e),
                IOException or ProtocolException => new InterpreterUnavailableException("The launcher gave no home.", e),
                _ => e,
            };
        }
    }

    public async Task<IInterpreter> StartInterpreterAsync(Checkpoint? checkpoint, CancellationToken cancellationToken) =>
        await Interpreter.EnterAsync(_socketPath, _name, Language, _surroundings, _limits, _serveEgress, _options, checkpoint, cancellationToken);

    public Task<CheckpointTrailer?> SaveAsync(Stream destination, long maxBytes, CancellationToken cancellationToken) =>
        CheckpointConnection.ReceiveAsync(_socketPath, _name, destination, maxBytes, cancellationToken);

    public async Task<Stream> ConnectFilesAsync(CancellationToken cancellationToken)
    {
        var stream = new NetworkStream(await LauncherSocket.ConnectAsync(_socketPath, cancellationToken), ownsSocket: true);
        try
        {
            await stream.WriteAsync(Requests.Files(_name), cancellationToken);
            return stream;
        }
        catch (Exception e)
        {
            await stream.DisposeAsync();
            if (e is IOException)
                throw new InterpreterUnavailableException("The launcher hung up.", e);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await Ended;
    }

    private static async Task<Opened> ReadOpenedAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(cancellationToken);
                var buffer = read.Buffer;
                if (Frame.TryRead(ref buffer, out var frame))
                {
                    using (frame)
                    {
                        return EventReader.Read(frame.RootElement) switch
                        {
                            Opened opened => opened,
                            Ended { End.Detail: { } detail } => throw new InterpreterUnavailableException(detail),
                            _ => throw new ProtocolException("The launcher answered with something else than a home."),
                        };
                    }
                }
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                    throw new ProtocolException("The launcher hung up.");
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    /// <summary>The launcher says nothing more; the connection ends when the launcher does, or this side disposes it.</summary>
    private async Task WaitForEndAsync()
    {
        try
        {
            while (await _socket.ReceiveAsync(new byte[1]) > 0)
            {
                // A word would be a fault of the launcher's, and no harm.
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // That is how it ends.
        }
    }
}

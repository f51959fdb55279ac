namespace Sandbox.Cluster.Silo.Telemetry;

/// <summary>Passes on what names no grain as it is, and of everything else the text, without the names.</summary>
internal sealed class NamelessLogger(ILogger logger) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (!logger.IsEnabled(logLevel))
            return;
        var (message, fault) = (formatter(state, exception), exception?.ToString());
        var (nameless, namelessFault) = (NamelessLogs.WithoutNames(message), fault is null ? null : NamelessLogs.WithoutNames(fault));
        if (nameless == message && namelessFault == fault)
            logger.Log(logLevel, eventId, state, exception, formatter);
        else
            logger.Log(logLevel, eventId, nameless, namelessFault is null ? null : new Told(namelessFault), static (text, _) => text);
    }

    /// <summary>What is left of an exception that names a grain.</summary>
    private sealed class Told(string text) : Exception(text)
    {
        public override string ToString() => Message;
    }
}

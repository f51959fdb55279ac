using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Cluster.Silo.Telemetry;

namespace Sandbox.Cluster.Tests.Silo.Telemetry;

/// <summary>No name of a context or a tenant reaches what writes the log.</summary>
public sealed class NamelessLogsTests
{
    private const string Moved = "Failed to forward message Request [S1 sys.client/x]->[S2 context/acme:Secret.Name-1] after [tenant/acme]";

    private readonly List<(string Message, string? Fault, object? State)> _lines = [];

    [Fact]
    public void WhatNamesAGrain_IsWrittenWithoutItsName()
    {
        Log("Sandbox.Cluster.Grains", LogLevel.Warning, Moved, new TimeoutException("no answer of context/acme:Secret.Name-1#y in time"));
        var (message, fault, state) = Assert.Single(_lines);
        Assert.Equal("Failed to forward message Request [S1 sys.client/x]->[S2 context/…] after [tenant/…]", message);
        Assert.Equal("System.TimeoutException: no answer of context/…#y in time", fault);
        Assert.Equal(message, state);
    }

    [Fact]
    public void WhatNamesNone_IsWrittenAsItIs()
    {
        var exception = new TimeoutException("no answer");
        Log("Orleans.Runtime", LogLevel.Warning, "Silo S1 is gone", exception);
        Assert.Equal(("Silo S1 is gone", exception.ToString()), (_lines[0].Message, _lines[0].Fault));
        Assert.IsAssignableFrom<IReadOnlyList<KeyValuePair<string, object?>>>(_lines[0].State);
    }

    [Theory]
    [InlineData("Orleans.Messaging")]
    [InlineData("Orleans.Grain")]
    [InlineData("Orleans.Runtime.Catalog")]
    [InlineData("Orleans.Runtime.Messaging.MessageCenter")]
    public void WhatNamesGrainsAsARule_IsWrittenFromErrorOn_UnlessConfiguredOtherwise(string category)
    {
        Log(category, LogLevel.Warning, Moved);
        Assert.Empty(_lines);
        Log(category, LogLevel.Error, Moved);
        Assert.Single(_lines);
        Log(category, LogLevel.Warning, Moved, setting: ($"Logging:LogLevel:{category}", "Warning"));
        Assert.Equal(2, _lines.Count);
        Assert.DoesNotContain(_lines, line => line.Message.Contains("Secret", StringComparison.Ordinal));
    }

    private void Log(string category, LogLevel level, string message, Exception? exception = null, (string Name, string Value)? setting = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration["Logging:LogLevel:Orleans"] = "Warning";
        if (setting is { } one)
            builder.Configuration[one.Name] = one.Value;
        using var written = new Written(_lines);
        builder.Logging.ClearProviders().AddProvider(written);
        builder.AddNamelessLogs();
        using var host = builder.Build();
        KeyValuePair<string, object?>[] said = [new("Said", message)];
        host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category).Log<IReadOnlyList<KeyValuePair<string, object?>>>(
            level, default, said, exception, static (state, _) => $"{state[0].Value}");
    }

    private sealed class Written(List<(string Message, string? Fault, object? State)> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add((formatter(state, exception), exception?.ToString(), state));

        public void Dispose()
        {
        }
    }
}

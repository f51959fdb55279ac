using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Isolation;

/// <summary>
/// Finds out before anything else starts which walls this machine has, and stops a silo whose machine has less than it
/// insists on: never a silent downgrade.
/// </summary>
internal sealed partial class IsolationProbe(
    IOptions<IsolationOptions> isolation,
    IOptions<InterpreterOptions> interpreters,
    IMeterFactory meters,
    ILogger<IsolationProbe> logger) : IHostedService
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource<IsolationReport> _report = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the silo starts; faults when it must not.</summary>
    public Task<IsolationReport> Report => _report.Task;

    /// <exception cref="InvalidOperationException">The machine lacks what the options insist on; the message says what.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var report = await RunAsync(cancellationToken);
            if (report.FaultsOf(isolation.Value) is { Count: > 0 } faults)
                throw new InvalidOperationException($"{string.Join(" ", faults)}. See deploy/docs/security.md.");
            LogReport(logger, report.Tier, report.Limits, report.Reasons);
            Export(report);
            _report.SetResult(report);
        }
        catch (Exception e)
        {
            _report.TrySetException(e);
            // Whoever waits for it hears it; nobody has to.
            _ = _report.Task.Exception;
            throw;
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<IsolationReport> RunAsync(CancellationToken cancellationToken)
    {
        var command = LauncherCommand.Create(interpreters.Value);
        foreach (var argument in (string[])["--probe", "--user", Text(isolation.Value.User)])
            command.ArgumentList.Add(argument);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(Bound);
        try
        {
            using var process = Process.Start(command) ?? throw new InvalidOperationException("The probe's process was not started.");
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(bound.Token);
            var errors = process.StandardError.ReadToEndAsync(bound.Token);
            await process.WaitForExitAsync(bound.Token);
            return process.ExitCode == 0
                ? IsolationReport.Parse(await output)
                : throw new InvalidOperationException($"The walls of this machine could not be probed: {(await errors).Trim()}");
        }
        catch (Exception e) when (e is Win32Exception or JsonException)
        {
            throw new InvalidOperationException(
                $"{interpreters.Value.PythonPath} cannot be started; run deploy/prerequisites.sh or set {InterpreterOptions.Section}:PythonPath.", e);
        }
    }

    /// <summary>Always 1; the tags tell.</summary>
    private void Export(IsolationReport report) => meters.Create(Metrics.MeterName).CreateObservableGauge(
        "sandbox.isolation",
        () => new Measurement<int>(
            1,
            KeyValuePair.Create<string, object?>("tier", IsolationReport.Name(report.Tier)),
            KeyValuePair.Create<string, object?>("limits", IsolationReport.Name(report.Limits))),
        description: "The walls around user code: tier and keeper of the limits.");

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Information, Message = "Isolation tier {Tier}, limits kept by {Limits}; missing for more: {Missing}")]
    private static partial void LogReport(ILogger logger, IsolationTier tier, LimitKeeper limits, string missing);
}

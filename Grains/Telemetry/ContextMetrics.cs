using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Grains.Isolation;

namespace Sandbox.Cluster.Grains.Telemetry;

/// <summary>Counts contexts, their interpreters and executions, in the meter <c>Sandbox.Cluster</c>.</summary>
internal sealed class ContextMetrics
{
    private readonly int[] _held = new int[Enum.GetValues<Language>().Length];
    private readonly int[] _running = new int[Enum.GetValues<Language>().Length];
    private readonly IsolationProbe _probe;
    private readonly bool _namesTenants;
    private readonly Histogram<double> _starts;
    private readonly Histogram<double> _waits;
    private readonly Histogram<double> _executions;
    private readonly Counter<long> _breaks;
    private readonly Counter<long> _interrupts;
    private readonly Counter<long> _deaths;

    public ContextMetrics(IMeterFactory meters, IsolationProbe probe, IOptions<TelemetryOptions> options)
    {
        _probe = probe;
        _namesTenants = options.Value.TenantIds;
        var meter = meters.Create(Metrics.MeterName);
        meter.CreateObservableUpDownCounter("sandbox.contexts", Observe, "{context}", "Contexts that hold an interpreter.");
        _starts = meter.CreateDurations("sandbox.context.start.duration", "Until a context had an interpreter with its state, by what it began with.");
        _waits = meter.CreateDurations("sandbox.execution.queue.duration", "Until an execution's turn came.");
        _executions = meter.CreateDurations("sandbox.execution.duration", "Executions whose code ran, from its start to its end.");
        _breaks = meter.CreateCounter<long>("sandbox.context.breaks", "{break}", "Times that a context's state was lost or rolled back.");
        _interrupts = meter.CreateCounter<long>("sandbox.interrupts", "{interrupt}", "Executions that were interrupted, by the last rung that it took.");
        _deaths = meter.CreateCounter<long>("sandbox.interpreter.deaths", "{interpreter}", "Interpreters that ended without being asked to, by cause.");
    }

    /// <summary>Begins every series that counts.</summary>
    public void BeginAtZero()
    {
        foreach (var language in Enum.GetValues<Language>())
        {
            CountBreak(language, isLost: true, count: 0);
            CountBreak(language, isLost: false, count: 0);
            foreach (var reason in Enum.GetValues<InterpreterEndReason>().Where(reason => reason != InterpreterEndReason.Closed))
                CountDeath(language, reason, count: 0);
        }
        foreach (var rung in (InterruptRung?[])[InterruptRung.Ask, InterruptRung.Insist, null])
            CountInterrupt(rung, count: 0);
    }

    /// <summary>A context has an interpreter, until that ends.</summary>
    public void Hold(Language language, IInterpreter interpreter)
    {
        Interlocked.Increment(ref _held[(int)language]);
        interpreter.Ended.ContinueWith(
            ended =>
            {
                Interlocked.Decrement(ref _held[(int)language]);
                if (ended.Result.Reason != InterpreterEndReason.Closed)
                    CountDeath(language, ended.Result.Reason);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously | TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }

    /// <summary>The code of an execution runs, which keeps its context from being idle, until what is returned is disposed.</summary>
    public Running BeginRun(Language language) => new(_running, (int)language);

    /// <summary>Whose context it is, where that may be told; null where it may not.</summary>
    public string? TenantOf(ContextKey key) => _namesTenants ? key.Tenant : null;

    /// <summary>A context is being given an interpreter.</summary>
    /// <param name="language">Of which language.</param>
    /// <param name="isRestored">Whether it begins with what a checkpoint holds.</param>
    public ContextStart BeginStart(Language language, bool isRestored) => new(_starts, language, isRestored);

    /// <summary>The turn of an execution has come.</summary>
    public void CountWait(Language language, TimeSpan wait) => _waits.Record(wait.TotalSeconds, Tags.Of(language));

    /// <summary>The code of an execution ran.</summary>
    /// <param name="key">Where.</param>
    /// <param name="language">The context's language.</param>
    /// <param name="duration">How long.</param>
    /// <param name="error">How it ended; null: it ran to its end.</param>
    public void CountExecution(ContextKey key, Language language, TimeSpan duration, ErrorKind? error)
    {
        var outcome = Tags.Of("outcome", error is { } kind ? Tags.NameOf(kind) : "ok");
        if (TenantOf(key) is { } tenant)
            _executions.Record(duration.TotalSeconds, Tags.Of(language), outcome, Tags.Of("tenant", tenant));
        else
            _executions.Record(duration.TotalSeconds, Tags.Of(language), outcome);
    }

    /// <summary>A context has lost its state, or went back to an older one.</summary>
    public void CountBreak(Language language, bool isLost, int count = 1) =>
        _breaks.Add(count, Tags.Of(language), Tags.Of("outcome", isLost ? "lost" : "rolled_back"));

    /// <summary>An execution was interrupted.</summary>
    /// <param name="rung">The last rung that it took; null: its interpreter was ended.</param>
    public void CountInterrupt(InterruptRung? rung) => CountInterrupt(rung, count: 1);

    private void CountInterrupt(InterruptRung? rung, int count) =>
        _interrupts.Add(count, Tags.Of("rung", rung is { } last ? Tags.NameOf(last) : "end"));

    private void CountDeath(Language language, InterpreterEndReason reason, int count = 1) =>
        _deaths.Add(count, Tags.Of(language), Tags.Of("cause", Tags.NameOf(reason)));

    private IEnumerable<Measurement<long>> Observe()
    {
        var tier = Tags.Of("tier", _probe.Report.IsCompletedSuccessfully ? IsolationReport.Name(_probe.Report.Result.Tier) : "unknown");
        foreach (var language in Enum.GetValues<Language>())
        {
            var running = Volatile.Read(ref _running[(int)language]);
            // Read at two moments: a context may have begun to run between them, or its interpreter have ended.
            var idle = Math.Max(0, Volatile.Read(ref _held[(int)language]) - running);
            yield return new Measurement<long>(running, Tags.Of(language), Tags.Of("state", "running"), tier);
            yield return new Measurement<long>(idle, Tags.Of(language), Tags.Of("state", "idle"), tier);
        }
    }

    /// <summary>Code that runs.</summary>
    internal readonly struct Running : IDisposable
    {
        private readonly int[] _counts;
        private readonly int _index;

        public Running(int[] counts, int index)
        {
            (_counts, _index) = (counts, index);
            Interlocked.Increment(ref _counts[_index]);
        }

        public void Dispose() => Interlocked.Decrement(ref _counts[_index]);
    }
}

using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Tests.Grains.Contexts;

/// <summary>What becomes of an execution when its silo shuts down.</summary>
public sealed class ExecutionTests : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Execution _execution;

    public ExecutionTests() => _execution = new Execution(
        new ExecuteCommand("e", "", Language.Python, null, TimeSpan.FromMinutes(1)), lease: TimeSpan.FromHours(1), Grace, _time, _stopping.Token);

    [Fact]
    public async Task WhatRuns_HasItsGrace()
    {
        _execution.Start();
        await _stopping.CancelAsync();
        _time.Advance(Grace - TimeSpan.FromMilliseconds(1));
        Assert.False(_execution.Interrupted.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(InterruptCause.ShuttingDown, await _execution.Interrupted);
    }

    [Fact]
    public async Task WhatWaits_HasNone()
    {
        await _stopping.CancelAsync();
        Assert.Equal(InterruptCause.ShuttingDown, await _execution.Interrupted);
    }

    public void Dispose() => _stopping.Dispose();
}

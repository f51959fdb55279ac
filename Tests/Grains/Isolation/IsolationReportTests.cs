using Sandbox.Cluster.Grains.Isolation;

namespace Sandbox.Cluster.Tests.Grains.Isolation;

/// <summary>What a machine has, held against what a silo insists on.</summary>
public class IsolationReportTests
{
    private static readonly IsolationReport Report = new(
        IsolationTier.Reduced, LimitKeeper.Rlimit, new Dictionary<string, string> { ["full"] = "no namespaces", ["cgroup"] = "no delegation" });

    [Fact]
    public void AMachineThatHasWhatIsInsistedOn_HasNoFaults() =>
        Assert.Empty(Report.FaultsOf(new IsolationOptions { MinimumTier = IsolationTier.Reduced, MinimumLimits = LimitKeeper.Rlimit }));

    [Fact]
    public void WhatIsInsistedOnAndMissing_IsNamedWithItsReason() => Assert.Equal(
        [
            "This machine offers the isolation tier reduced, and Sandbox:Isolation:MinimumTier is full. Missing: cgroup: no delegation; full: no namespaces",
            "Limits would be kept by rlimit, and Sandbox:Isolation:MinimumLimits is cgroup. Missing: cgroup: no delegation; full: no namespaces",
        ],
        Report.FaultsOf(new IsolationOptions { MinimumTier = IsolationTier.Full, MinimumLimits = LimitKeeper.Cgroup }));
}

namespace Sandbox.Cluster.Api.Refusals;

/// <summary>Why a call is refused that may be taken later: the label <c>reason</c> of <c>sandbox_refusals_total</c>.</summary>
internal enum TryLaterReason
{
    /// <summary>As much waits on this context as may wait.</summary>
    ContextBusy,

    /// <summary>The tenant has as many contexts as it may have.</summary>
    ContextQuota,

    /// <summary>The tenant has as many executions under way as it may have.</summary>
    ExecutionQuota,

    /// <summary>The tenant sends too many requests.</summary>
    RequestQuota,

    /// <summary>No silo has room.</summary>
    ClusterFull,

    /// <summary>The silo that is asked takes no work, or cannot be reached.</summary>
    Unavailable,

    /// <summary>A probe found no silo that could take a context.</summary>
    NotReady,

    /// <summary>The keys that tokens are checked with cannot be had.</summary>
    KeysMissing,
}

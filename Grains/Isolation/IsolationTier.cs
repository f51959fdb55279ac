namespace Sandbox.Cluster.Grains.Isolation;

/// <summary>Which walls stand between user code and everything else. A later one is stronger.</summary>
public enum IsolationTier
{
    /// <summary>None: user code can do what the silo can.</summary>
    None = 0,

    /// <summary>Landlock, a system call allow-list without internet sockets, resource limits, and, as root, a user each.</summary>
    Reduced = 1,

    /// <summary>Besides, namespaces of everything, a file system of its own, no capabilities, and an outer wall around all.</summary>
    Full = 2,
}

/// <summary>Who keeps the limits of a context. A later one is stronger.</summary>
public enum LimitKeeper
{
    /// <summary>Limits of each process.</summary>
    Rlimit = 0,

    /// <summary>A cgroup: the limits hold for all processes of a context together.</summary>
    Cgroup = 1,
}

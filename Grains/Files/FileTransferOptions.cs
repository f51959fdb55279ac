using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Grains.Files;

/// <summary>How the files of contexts are served. Configuration section <c>Sandbox:Files</c>.</summary>
public sealed class FileTransferOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Files";

    /// <summary>Uploads, downloads and deletions of one context at a time; each is a process while it lasts.</summary>
    [Range(1, 16)]
    public int MaxTransfers { get; set; } = 8;

    /// <summary>How long a transfer that nobody goes on with stays open.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:40")]
    public TimeSpan TransferLease { get; set; } = TimeSpan.FromMinutes(1);
}

using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Silo.Storage.Checkpoints;

/// <summary>Where checkpoints are kept. Configuration section <c>Sandbox:Checkpoints:Store</c>.</summary>
public sealed class CheckpointStoreOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Checkpoints:Store";

    /// <summary>The kind of store; a silo of a cluster has to be told, since all of them must reach the same one.</summary>
    public CheckpointStoreKind? Kind { get; set; }

    /// <summary>For <see cref="CheckpointStoreKind.Folder"/>: a folder that all silos share. Default: in the data folder, for a silo that is alone.</summary>
    public string? Folder { get; set; }

    /// <summary>For Redis, as StackExchange.Redis reads it; for Azure Blob storage, where no <see cref="ServiceUri"/> is given.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>For Azure Blob storage: its address; the silo's own identity is then its credential.</summary>
    public Uri? ServiceUri { get; set; }

    /// <summary>For Azure Blob storage: the container, made when it is missing. For Redis: what keys begin with.</summary>
    [Required, RegularExpression("^[a-z0-9](-?[a-z0-9]){2,62}$")]
    public string Container { get; set; } = "sandbox-checkpoints";
}

/// <summary>The kinds of store.</summary>
public enum CheckpointStoreKind
{
    /// <summary>Files.</summary>
    Folder,

    /// <summary>Redis, where a checkpoint has at most 512 MB.</summary>
    Redis,

    /// <summary>Azure Blob storage.</summary>
    AzureBlob,
}

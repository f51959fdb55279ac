using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Silo.Hosting;

/// <summary>What a silo itself needs to know. Configuration section <c>Sandbox</c>.</summary>
public sealed class SiloOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox";

    /// <summary>Where a silo without a storage provider keeps its records. One silo at a time.</summary>
    [Required]
    public string DataDirectory { get; set; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "sandbox-cluster");
}

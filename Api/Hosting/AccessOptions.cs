namespace Sandbox.Cluster.Api.Hosting;

/// <summary>Who may call. Configuration section <c>Sandbox:Access</c>.</summary>
internal sealed class AccessOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Access";

    /// <summary>
    /// Serves any address without credentials. Whoever reaches such an address runs code: only behind something that
    /// decides who does.
    /// </summary>
    public bool AllowAnonymous { get; set; }
}

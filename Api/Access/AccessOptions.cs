namespace Sandbox.Cluster.Api.Access;

/// <summary>Who may call. Configuration section <c>Sandbox:Access</c>; tokens have a section of their own below it.</summary>
internal sealed class AccessOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:Access";

    /// <summary>
    /// Serves any address without credentials. Whoever reaches such an address runs code: only behind something that
    /// decides who does.
    /// </summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>The API keys and whose they are. A tenant may have several, so that one can replace another.</summary>
    public IList<ApiKeyOptions> ApiKeys { get; } = [];
}

/// <summary>One API key. The key itself is in no configuration.</summary>
internal sealed class ApiKeyOptions
{
    /// <summary>The tenant whose key it is.</summary>
    public string? Tenant { get; set; }

    /// <summary>The SHA-256 of the key's bytes, 64 hexadecimal digits.</summary>
    public string? Sha256 { get; set; }
}

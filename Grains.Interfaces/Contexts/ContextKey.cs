namespace Sandbox.Cluster.Grains.Interfaces.Contexts;

/// <summary>
/// The identity of a context: a tenant and the id the tenant gave it. As a grain key it is <c>tenant:context_id</c>;
/// a tenant's name has no colon, so two tenants never share a key, and Azure Table storage maps no character of it.
/// </summary>
/// <param name="Tenant"><c>^[a-z0-9][a-z0-9-]{0,62}$</c>.</param>
/// <param name="ContextId"><c>^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$</c>.</param>
public readonly record struct ContextKey(string Tenant, string ContextId)
{
    /// <summary>The tenant of a caller without credentials.</summary>
    public const string DefaultTenant = "default";

    /// <summary>The grain's primary key.</summary>
    public override string ToString() => $"{Tenant}:{ContextId}";

    /// <summary>Takes a grain's primary key apart.</summary>
    /// <exception cref="FormatException">The text is no key that <see cref="ToString"/> wrote.</exception>
    public static ContextKey Parse(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var colon = key.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < key.Length - 1
            ? new ContextKey(key[..colon], key[(colon + 1)..])
            : throw new FormatException("A context's key has the form tenant:context_id.");
    }
}

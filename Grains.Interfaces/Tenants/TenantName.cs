using System.Text.RegularExpressions;

namespace Sandbox.Cluster.Grains.Interfaces.Tenants;

/// <summary>What tenants may be called: <c>^[a-z0-9][a-z0-9-]{0,62}$</c>, so that a name is a part of keys without escapes.</summary>
public static partial class TenantName
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "a tenant's name is 1 to 63 of a-z, 0-9 and '-', and does not begin with '-'";

    /// <summary>Whether the text is a tenant's name.</summary>
    public static bool IsValid(string? name) => name is not null && Pattern().IsMatch(name);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

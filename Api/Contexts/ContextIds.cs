using System.Text.RegularExpressions;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>What contexts may be called.</summary>
internal static partial class ContextIds
{
    /// <summary>Whether the text is a context's id.</summary>
    public static bool IsValid(string id) => Pattern().IsMatch(id);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

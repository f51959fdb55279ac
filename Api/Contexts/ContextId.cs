using System.Text.RegularExpressions;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>The rule for ids of contexts, wherever a client names one.</summary>
internal static partial class ContextId
{
    /// <summary>What a client is told whose id breaks it.</summary>
    public static readonly FieldError Fault = new(
        "context_id", "must be 1 to 128 letters, digits, dots, underscores and hyphens, and begin with a letter or digit");

    public static bool IsValid(string id) => Pattern().IsMatch(id);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

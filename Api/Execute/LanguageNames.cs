using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>The name of a language in answers; requests may use others.</summary>
internal static class LanguageNames
{
    /// <summary><c>python</c> or <c>typescript</c>.</summary>
    public static string Of(Language language) => language switch
    {
        Language.Python => "python",
        Language.TypeScript => "typescript",
        _ => throw new ArgumentOutOfRangeException(nameof(language), language, null),
    };
}

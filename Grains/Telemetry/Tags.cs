using System.Collections.Frozen;
using System.Text.Json;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Telemetry;

/// <summary>
/// The values that metrics and spans have: closed vocabularies, so that their number is bounded and nothing of a tenant's gets
/// among them.
/// </summary>
internal static class Tags
{
    public static KeyValuePair<string, object?> Of(string name, string value) => new(name, value);

    public static KeyValuePair<string, object?> Of(Language language) => new("language", NameOf(language));

    /// <summary>As the Api writes it.</summary>
    public static string NameOf(Language language) => language switch
    {
        Language.Python => "python",
        Language.TypeScript => "typescript",
        _ => throw new ArgumentOutOfRangeException(nameof(language), language, null),
    };

    /// <summary>The value of a vocabulary, <c>timed_out</c> for <c>TimedOut</c>.</summary>
    public static string NameOf<T>(T value) where T : struct, Enum => Names<T>.All[value];

    private static class Names<T> where T : struct, Enum
    {
        public static readonly FrozenDictionary<T, string> All = Enum.GetValues<T>()
            .ToFrozenDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
    }
}

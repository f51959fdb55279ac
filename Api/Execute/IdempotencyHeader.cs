using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>
/// The header <c>Idempotency-Key</c>, after draft-ietf-httpapi-idempotency-key-header: the quotes of that draft's strings may be
/// left out, as most clients do.
/// </summary>
internal static partial class IdempotencyHeader
{
    /// <summary>Says of an answer that it was given before, and that nothing was run.</summary>
    public const string Replayed = "Idempotent-Replayed";

    private const string Name = "Idempotency-Key";

    /// <summary>What a client is told whose key breaks the rule.</summary>
    public static FieldError Fault { get; } = new(Name, "must be 1 to 255 visible characters of ASCII, and there may be only one");

    /// <summary>Reads it; false when it breaks the rule. Without one the key is null.</summary>
    /// <param name="http">The request.</param>
    /// <param name="body">Its body, which has to be the same whenever the key is.</param>
    /// <param name="key">The key.</param>
    public static bool TryRead(HttpRequest http, ReadOnlyMemory<byte> body, out IdempotencyKey? key)
    {
        key = null;
        if (!http.Headers.TryGetValue(Name, out var values))
            return true;
        if (values is not [{ } text] || Pattern().Match(text) is not { Success: true } match)
            return false;
        key = new IdempotencyKey(match.Groups["key"].Value, SHA256.HashData(body.Span));
        return true;
    }

    /// <summary>The id of the context of a request that names none: the same for the same key of the same tenant.</summary>
    public static string ContextIdOf(IdempotencyKey key, Tenant tenant) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant.Name}\n{key.Value}")).AsSpan(0, 16));

    [GeneratedRegex(@"^(?:""(?<key>[\x21-\x7e-[""\\]]{1,255})""|(?<key>[\x21-\x7e-[""]]{1,255}))\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

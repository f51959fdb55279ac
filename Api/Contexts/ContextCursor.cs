using System.Buffers.Text;
using System.Text;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>Where a list of contexts goes on: opaque to clients, so that its order may change.</summary>
internal static class ContextCursor
{
    // The form's version; another release may have another.
    private const string Prefix = "1:";

    /// <summary>The cursor of what comes behind this id.</summary>
    public static string After(string contextId) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Prefix + contextId));

    /// <summary>The id that a cursor stands behind; null when it is none.</summary>
    public static string? Read(string cursor)
    {
        // An id has at most 128 characters.
        if (cursor.Length > 256 || !Base64Url.IsValid(cursor))
            return null;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return text.StartsWith(Prefix, StringComparison.Ordinal) && ContextId.IsValid(text[Prefix.Length..]) ? text[Prefix.Length..] : null;
    }
}

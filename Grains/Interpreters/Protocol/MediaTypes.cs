namespace Sandbox.Cluster.Grains.Interpreters.Protocol;

/// <summary>How the protocol tells which values of an item are JSON.</summary>
internal static class MediaTypes
{
    /// <summary>Whether values of this MIME type are JSON values; all others are strings.</summary>
    public static bool IsJson(string mediaType)
    {
        var type = mediaType.AsSpan();
        var parameters = type.IndexOf(';');
        if (parameters >= 0)
            type = type[..parameters];
        type = type.Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Creation;

/// <summary>Reads the member <c>cwd</c>: a path, absolute or relative to the home, that leads nowhere but into the home.</summary>
internal static class WorkingDirectoryReader
{
    /// <summary>Directories below the home; a checkpoint keeps more than that, what is in them included.</summary>
    private const int MaxDepth = 64;

    private const int MaxNameBytes = 255;
    private const int MaxBytes = 4095;
    private const string Field = "cwd";

    private static readonly string[] Home = ["home", "user"];

    /// <summary>Names with <c>/</c> between them; empty for the home.</summary>
    public static string Read(Dictionary<string, JsonElement> members, List<FieldError> faults)
    {
        if (!members.TryGetValue(Field, out var value) || JsonObject.ReadString(Field, value, faults) is not { } path)
            return "";
        // As every system reads paths: what is empty or a dot between slashes says nothing.
        var names = path.Split('/').Where(name => name is not ("" or ".")).ToList();
        var fault = FaultOf(path, names);
        if (fault is null && path.StartsWith('/'))
            names.RemoveRange(0, Home.Length);
        if (fault is not null)
            faults.Add(new FieldError(Field, fault));
        return string.Join('/', names);
    }

    private static string? FaultOf(string path, List<string> names)
    {
        if (names.Contains(".."))
            return "must not have a part that is ..";
        if (path.StartsWith('/') && !names.Take(Home.Length).SequenceEqual(Home))
            return "must be /home/user, a directory below it, or relative to it";
        if (path.Contains('\0', StringComparison.Ordinal))
            return "must not hold the character U+0000";
        if (names.Exists(name => Encoding.UTF8.GetByteCount(name) > MaxNameBytes))
            return string.Create(CultureInfo.InvariantCulture, $"has a part of more than {MaxNameBytes} bytes");
        if (Encoding.UTF8.GetByteCount(path) > MaxBytes)
            return string.Create(CultureInfo.InvariantCulture, $"has more than {MaxBytes} bytes");
        return names.Count > MaxDepth ? string.Create(CultureInfo.InvariantCulture, $"has more than {MaxDepth} parts") : null;
    }
}

using System.Text.Json;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Creation;

/// <summary>Reads the member <c>metadata</c>: an object of string to string, which comes back with every description of the context.</summary>
internal static class MetadataReader
{
    /// <summary>Entries it may have.</summary>
    public const int MaxCount = 32;

    /// <summary>Bytes of UTF-8 that its names and values may have together: a page of a hundred contexts stays below a megabyte.</summary>
    public const int MaxBytes = 8 << 10;

    public static Dictionary<string, string>? Read(Dictionary<string, JsonElement> members, List<FieldError> faults) =>
        StringMapReader.Read(members, "metadata", MaxCount, MaxBytes, FaultOf, faults);

    private static string? FaultOf(string? name, string? text) =>
        name is null || text is null ? "names and values must be strings of Unicode text" : null;
}

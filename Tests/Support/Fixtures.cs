using System.Text.Json;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>The protocol's fixtures, shared with the Python and TypeScript tests.</summary>
internal static class Fixtures
{
    public static JsonElement Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Drivers, "fixtures", file)));
        return document.RootElement.Clone();
    }

    /// <summary>The names of the cases, for a theory; the case itself is looked up again, so that each shows by its name.</summary>
    public static TheoryData<string> Names(string file) =>
        [.. Read(file).GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    public static JsonElement Case(string file, string name) =>
        Read(file).GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
}

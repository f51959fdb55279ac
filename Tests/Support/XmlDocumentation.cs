using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>The summaries of doc comments, as Markdown of one line.</summary>
internal static partial class XmlDocumentation
{
    private static readonly Dictionary<string, XElement> Members = Directory.GetFiles(AppContext.BaseDirectory, "Sandbox.Cluster.*.xml")
        .SelectMany(file => XDocument.Load(file).Descendants("member"))
        // What generators write has the same names everywhere.
        .DistinctBy(member => (string)member.Attribute("name")!)
        .ToDictionary(member => (string)member.Attribute("name")!);

    public static string Of(Type type) => Of($"T:{type.FullName}");

    public static string Of(PropertyInfo property) => Of($"P:{property.DeclaringType!.FullName}.{property.Name}");

    private static string Of(string name)
    {
        var member = Members[name];
        return member.Element("inheritdoc") is { } inherited
            ? Of((string)inherited.Attribute("cref")!)
            : SpacePattern().Replace(string.Concat(member.Element("summary")!.Nodes().Select(TextOf)), " ").Trim();
    }

    private static string TextOf(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see => $"`{((string)see.Attribute("cref")!).Split('.')[^1]}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        _ => throw new InvalidOperationException($"A doc comment has {node}."),
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex SpacePattern();
}

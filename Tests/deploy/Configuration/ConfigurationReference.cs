using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interpreters;
using Sandbox.Cluster.Silo.Hosting;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Deploy.Configuration;

/// <summary>Every setting of ours as its options class has it: name, type, bounds, default and doc comment.</summary>
internal static class ConfigurationReference
{
    private const string SectionName = "Section";

    /// <summary>The options classes, each of which names its section, in the order of those.</summary>
    public static IReadOnlyList<(string Section, object Options)> All { get; } =
    [
        .. new[] { typeof(AccessOptions), typeof(ContextOptions), typeof(SiloOptions) }.SelectMany(of => of.Assembly.GetTypes())
            .Select(type => (Section: (string?)type.GetField(SectionName, BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue(), Type: type))
            .Where(options => options.Section is not null)
            .OrderBy(options => options.Section, StringComparer.Ordinal)
            .Select(options => (options.Section!, Activator.CreateInstance(options.Type)!)),
    ];

    /// <summary>The names of all settings, as environment variables.</summary>
    public static IEnumerable<string> Names => All.SelectMany(options => PropertiesOf(options.Options.GetType()).Select(property => NameOf(options.Section, property)));

    /// <summary>The page.</summary>
    public static string Render(string introduction)
    {
        var page = new StringBuilder(introduction);
        foreach (var (section, options) in All)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {section}\n\n{XmlDocumentation.Of(options.GetType())}\n\n");
            page.Append("| name | type | default | |\n| --- | --- | --- | --- |\n");
            foreach (var property in PropertiesOf(options.GetType()))
                AppendRows(page, NameOf(section, property), property, options);
        }
        return page.ToString();
    }

    private static void AppendRows(StringBuilder page, string name, PropertyInfo property, object owner)
    {
        var type = property.PropertyType;
        var value = property.GetValue(owner);
        if (value is IDictionary or IList or not null && type.IsGenericType && type.Namespace == "System.Collections.Generic")
        {
            // What a key stands for: a tenant's name, or a number.
            var element = type.GetGenericArguments()[^1];
            var key = type.GetGenericArguments().Length == 2 ? "NAME" : "0";
            if (element.IsGenericType)
                (element, key) = (element.GetGenericArguments()[0], $"{key}__0");
            page.Append(Row($"{name}__{key}", element.Namespace == "System" ? TypeOf(element, null) : "", "", XmlDocumentation.Of(property)));
            foreach (var inner in element.Namespace == "System" ? [] : PropertiesOf(element))
                AppendRows(page, $"{name}__{key}__{inner.Name}", inner, Activator.CreateInstance(element)!);
            return;
        }
        page.Append(Row(name, TypeOf(type, property), DefaultOf(property, value), XmlDocumentation.Of(property)));
    }

    private static string Row(string name, string type, string value, string text) => $"| `{name}` | {type} | {value} | {text.Replace("|", "\\|", StringComparison.Ordinal)} |\n";

    private static PropertyInfo[] PropertiesOf(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance);

    private static string NameOf(string section, PropertyInfo property) => $"{section.Replace(":", "__", StringComparison.Ordinal)}__{property.Name}";

    private static string TypeOf(Type type, PropertyInfo? property)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var name = type switch
        {
            { IsEnum: true } => string.Join(", ", Enum.GetNames(type).Select(value => $"`{value}`")),
            _ when type == typeof(bool) => "`true`, `false`",
            _ when type == typeof(int) || type == typeof(long) => "number",
            _ when type == typeof(TimeSpan) => "`hh:mm:ss`",
            _ when type == typeof(Uri) => "address",
            _ when type == typeof(string) => "text",
            _ => throw new InvalidOperationException($"A setting has the type {type}."),
        };
        return property?.GetCustomAttribute<RangeAttribute>() is { } range
            ? $"{name}, {Invariant(range.Minimum)} … {Invariant(range.Maximum)}"
            : name;
    }

    /// <summary>Where a folder of this machine is the default, what it stands for.</summary>
    private static string DefaultOf(PropertyInfo property, object? value) => property.Name switch
    {
        nameof(InterpreterOptions.DriversDirectory) => "`drivers` beside the program",
        nameof(SiloOptions.DataDirectory) => "`sandbox-cluster` in the user's local data",
        _ when value is null => "",
        _ => $"`{Invariant(value)}`",
    };

    private static string Invariant(object value) => value is bool flag ? (flag ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}

using System.Globalization;
using System.Text;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>
/// One attack: a cell of a file in <c>attacks</c>, which begins with <c># %% its name</c> and the rules of how it goes.
/// The code prints <c>BREACH</c> where it got what it wanted, and <c>HELD</c> where it did not.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>ends: NAMES STATES</c>: behind all walls its answer has one of these errors, <c>done</c> is none, and <c>held</c> is none
/// with a <c>HELD</c> in the output; the state is then one of these. Without the rule: <c>held kept</c>.</item>
/// <item><c>then: NAMES</c>: so ends the next execution of its context.</item>
/// <item><c>timeout: MILLISECONDS</c></item>
/// <item><c>leaves: NAME</c>: a process of this name, which must be gone when the context is.</item>
/// <item><c>undemonstrated: REASON</c>: it is not shown to succeed without its wall.</item>
/// <item><c>demonstrate: root|plain</c>: it succeeds only for root; or as a program that nobody supervises.</item>
/// <item><c>closed: LABELS - REASON</c>: these of its attempts fail without the wall, too.</item>
/// <item><c>extra: reduced</c>: it is also held by the tier reduced; <c>only: reduced</c>: by no other.</item>
/// </list>
/// </remarks>
internal sealed class Attack
{
    private static readonly string[] Known = ["ends", "then", "timeout", "leaves", "undemonstrated", "demonstrate", "closed", "extra", "only"];
    private static readonly Lazy<IReadOnlyList<Attack>> Table = new(ReadAll);

    private readonly Dictionary<string, string> _rules = [];

    private Attack(string group, string language, string name)
    {
        Group = group;
        Language = language;
        Name = name;
    }

    public static IReadOnlyList<Attack> All => Table.Value;

    public string Group { get; }

    public string Language { get; }

    public string Name { get; }

    public string Code { get; private set; } = "";

    /// <summary>The names of the errors it may end with.</summary>
    public IReadOnlyList<string> Ends => Rule("ends", "held kept").Split(' ')[0].Split(',');

    /// <summary>What may have become of the state.</summary>
    public IReadOnlyList<string> States => Rule("ends", "held kept").Split(' ')[1].Split(',');

    public IReadOnlyList<string> Then => Rule("then", "").Split(',', StringSplitOptions.RemoveEmptyEntries);

    public int Timeout => int.Parse(Rule("timeout", "60000"), CultureInfo.InvariantCulture);

    public string? Leaves => _rules.GetValueOrDefault("leaves");

    /// <summary>Why it is not shown to succeed without its wall; null when it is.</summary>
    public string? Undemonstrated => _rules.GetValueOrDefault("undemonstrated");

    public string Demonstrate => Rule("demonstrate", "");

    public IReadOnlyList<string> Closed => Rule("closed", "").Split(" - ")[0].Split(", ");

    public bool IsForFull => Rule("only", "full") == "full";

    public bool IsForReduced => _rules.ContainsKey("extra") || !IsForFull;

    public static IEnumerable<Attack> Of(string group) => All.Where(attack => attack.Group == group);

    public override string ToString() => $"{Group}: {Name}";

    private string Rule(string name, string otherwise) => _rules.GetValueOrDefault(name, otherwise);

    private static List<Attack> ReadAll() =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "Tests", "Isolation", "attacks")).Order(StringComparer.Ordinal)
            .Where(path => !Path.GetFileName(path).StartsWith("prelude", StringComparison.Ordinal)).SelectMany(Read)];

    private static IEnumerable<Attack> Read(string path)
    {
        var isPython = path.EndsWith(".py", StringComparison.Ordinal);
        var mark = isPython ? "# " : "// ";
        var prelude = File.ReadAllText(Path.Combine(Path.GetDirectoryName(path)!, "prelude" + Path.GetExtension(path)));
        Attack? attack = null;
        var code = new StringBuilder();
        foreach (var line in File.ReadLines(path))
        {
            if (line.StartsWith(mark + "%% ", StringComparison.Ordinal))
            {
                if (attack is not null)
                    yield return attack.With(code);
                attack = new Attack(Path.GetFileNameWithoutExtension(path), isPython ? "python" : "typescript", line[(mark.Length + 3)..]);
                code.Clear().Append(prelude).Append('\n');
            }
            else if (attack?.TakeRule(line, mark) == false)
            {
                code.Append(line).Append('\n');
            }
        }
        yield return attack!.With(code);
    }

    private bool TakeRule(string line, string mark)
    {
        if (!line.StartsWith(mark, StringComparison.Ordinal) || line.IndexOf(": ", StringComparison.Ordinal) is not (> 0 and var at))
            return false;
        var name = line[mark.Length..at];
        if (!Known.Contains(name))
            return false;
        _rules.Add(name, line[(at + 2)..]);
        return true;
    }

    private Attack With(StringBuilder code)
    {
        Code = code.ToString();
        return this;
    }
}

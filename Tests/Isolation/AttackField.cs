using Sandbox.Cluster.Tests.Support;
using Xunit.Abstractions;

namespace Sandbox.Cluster.Tests.Isolation;

/// <summary>A real Api under attack, through HTTP as any client; collects what was not as it should be.</summary>
internal sealed class AttackField(ApiProcess api, HostServices host, Neighbour neighbour, ITestOutputHelper output)
{
    private const int Patience = 1000;

    /// <summary>How many contexts attacked.</summary>
    public int Contexts { get; private set; }

    public List<string> Faults { get; } = [];

    public async Task SufferAsync(Attack attack)
    {
        Contexts++;
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync(attack.Language == "python" ? "treasure = 41" : "let treasure = 41", attack.Language, id);
        var environment = new Dictionary<string, string>(host.Environment) { ["NEIGHBOUR_HOME"] = neighbour.Home };
        var (answer, p99) = await neighbour.WatchAsync(
            () => api.Client.ExecuteAsync(attack.Code, contextId: id, timeoutMs: attack.Timeout, environment: environment));
        if (!answer.Body.TryGetProperty("logs", out _))
        {
            Faults.Add($"{attack.Name}: answered with {answer}");
            return;
        }
        var name = answer.ErrorName ?? (attack.Ends.Contains("held") && answer.Stdout.Any(line => line.StartsWith("HELD", StringComparison.Ordinal)) ? "held" : "done");
        output.WriteLine($"{name,-20} {answer.State,-5} neighbour's p99 {p99,6:0.0} ms  {attack.Name}");

        var fault = FaultOf(attack, answer, name) ?? await FaultAfterwardsAsync(attack, id, answer.State);
        if (fault is not null)
            Faults.Add($"{attack.Name}: {fault}");
    }

    private static string? FaultOf(Attack attack, Answer answer, string name)
    {
        // An answer of any size must not bury what is wrong with it.
        var text = answer.ToString();
        text = text.Length > 3000 ? $"{text[..1500]} … {text[^1500..]}" : text;
        if (answer.Stdout.Concat(answer.Stderr).FirstOrDefault(line => line.StartsWith("BREACH", StringComparison.Ordinal)) is { } breach)
            return $"{breach}: {text}";
        if (!attack.Ends.Contains(name))
            return $"ended with {name} in place of {string.Join(" or ", attack.Ends)}: {text}";
        return attack.States.Contains(answer.State) ? null : $"the state is {answer.State} in place of {string.Join(" or ", attack.States)}: {text}";
    }

    /// <summary>What the answer said of the state has to be so; an answer of the next run holds nothing of the last.</summary>
    private async Task<string?> FaultAfterwardsAsync(Attack attack, string id, string? state)
    {
        var next = await api.Client.ExecuteAsync("treasure + 1", contextId: id, timeoutMs: 5000);
        if (attack.Then.Count > 0)
        {
            // What the attack left running acts when it comes to it; until then answers are as ever.
            for (var time = 0; time < Patience && !attack.Then.Contains(next.ErrorName ?? "done") && next.Text == "42"; time++)
                next = await api.Client.ExecuteAsync("treasure + 1", contextId: id, timeoutMs: 5000);
            if (!attack.Then.Contains(next.ErrorName ?? "done"))
                return $"the next execution ended with {next}";
            if (next.State == "kept" && (state == "kept" || IsUnknown(next)))
                return null;
            next = await api.Client.ExecuteAsync("treasure + 1", contextId: id, timeoutMs: 5000);
            state = "lost";
        }
        if (state == "kept")
            return next.Text == "42" && next.State == "kept" && next.Stdout.Count == 0 ? null : $"the state was not kept: {next}";
        return IsUnknown(next) && next.State == "kept" ? null : $"the context did not begin anew: {next}";
    }

    private static bool IsUnknown(Answer answer) => answer.ErrorName is "NameError" or "ReferenceError";
}

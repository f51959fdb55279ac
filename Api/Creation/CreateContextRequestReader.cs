using System.Globalization;
using System.Text.Json;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Refusals;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Creation;

/// <summary>Reads the body of <c>POST /contexts</c> and finds every fault at once.</summary>
internal static class CreateContextRequestReader
{
    /// <summary>The least <c>idle_timeout_ms</c>: idle contexts are looked for no more often than that.</summary>
    public static readonly TimeSpan MinIdleTimeout = TimeSpan.FromMinutes(2);

    private const string IdleTimeoutField = "idle_timeout_ms";

    private static readonly HashSet<string> Known = ["language", "cwd", "env_vars", IdleTimeoutField, "metadata"];

    /// <summary>The outcome: a command, or the faults.</summary>
    public readonly record struct Outcome(CreateContextCommand? Command, IReadOnlyList<FieldError> Faults);

    public static Outcome Read(ReadOnlyMemory<byte> body, CreationLimits limits)
    {
        var faults = new List<FieldError>();
        var command = JsonObject.Read(body, Known, faults, members => new CreateContextCommand(
            ExecuteRequestReader.ReadLanguage(members, faults) ?? Language.Python,
            WorkingDirectoryReader.Read(members, faults),
            EnvironmentVariablesReader.Read(members, faults),
            ReadIdleTimeout(members, limits, faults),
            MetadataReader.Read(members, faults)));
        return new Outcome(faults.Count == 0 ? command : null, faults);
    }

    private static TimeSpan? ReadIdleTimeout(Dictionary<string, JsonElement> members, CreationLimits limits, List<FieldError> faults)
    {
        if (!members.TryGetValue(IdleTimeoutField, out var value))
            return null;
        var (min, max) = ((long)MinIdleTimeout.TotalMilliseconds, (long)limits.MaxIdleTimeout.TotalMilliseconds);
        if (JsonObject.TryReadInteger(value, min, max, out var milliseconds))
            return TimeSpan.FromMilliseconds(milliseconds);
        faults.Add(new FieldError(IdleTimeoutField, string.Create(CultureInfo.InvariantCulture, $"must be an integer from {min} to {max}")));
        return null;
    }
}

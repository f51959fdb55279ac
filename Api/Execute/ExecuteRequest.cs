using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>A request to execute code that has met every rule of the contract.</summary>
/// <param name="Code">At most 1 MiB of UTF-8.</param>
/// <param name="ContextId">Null: a new context.</param>
/// <param name="Language">Null: the context's own.</param>
/// <param name="Environment">Null: none.</param>
/// <param name="Timeout">1 ms to the configured maximum.</param>
internal sealed record ExecuteRequest(
    string Code, string? ContextId, Language? Language, Dictionary<string, string>? Environment, TimeSpan Timeout);

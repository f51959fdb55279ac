using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Sandbox.Cluster.Api.OpenApi;

// What is read by hand, as a type that the document is made of.

/// <summary>The body of <c>POST /contexts</c>.</summary>
internal sealed record CreateContextBody(
    [property: Description("One of python, py, python3, typescript, ts, javascript, js, bun, node, in any letter case. By default python.")]
    string? Language,
    [property: Description("Where code starts: /home/user, a directory below it, or a path relative to it, without ..; at most 64 parts. By default /home/user.")]
    string? Cwd,
    [property: Description("Environment variables that last as long as the context: at most 256 and 64 KiB, names as ^[A-Za-z_][A-Za-z0-9_]*$.")]
    IReadOnlyDictionary<string, string>? EnvVars,
    [property: Description("Milliseconds without use after which the context hibernates: at most 24 h, unless the service is configured otherwise.")]
    [property: Range(120_000, 604_800_000)]
    int? IdleTimeoutMs,
    [property: Description("The caller's own words, which come back with the context: at most 32 and 8 KiB.")]
    IReadOnlyDictionary<string, string>? Metadata);

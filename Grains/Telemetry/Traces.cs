using System.Diagnostics;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Grains.Telemetry;

/// <summary>The spans that this project makes. Without somebody who listens there are none, and they cost nothing.</summary>
public static class Traces
{
    /// <summary>The name of their source, for exporters.</summary>
    public const string SourceName = "Sandbox.Cluster";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>A span below the one that is current.</summary>
    internal static Activity? Start(string name, ActivityKind kind = ActivityKind.Internal) => Source.StartActivity(name, kind);

    /// <summary>A span of its own: what is done for no call, whoever happened to make the last one.</summary>
    internal static Activity? StartAlone(string name)
    {
        Activity.Current = null;
        return Source.StartActivity(name);
    }

    /// <summary>
    /// The turn of an execution, as OpenTelemetry's conventions for generative AI name it, below the call that brought it:
    /// another one may have begun the queue's round. <c>gen_ai.tool.name</c> is the language.
    /// </summary>
    internal static Activity? StartTurn(Execution execution, Language language, TimeSpan wait, string? tenant)
    {
        if (!Source.HasListeners())
            return null;
        if (execution.Caller == default)
            Activity.Current = null;
        var name = Tags.NameOf(language);
        return Source.StartActivity($"execute_tool {name}", ActivityKind.Internal, execution.Caller)?
            .SetTag("gen_ai.operation.name", "execute_tool")
            .SetTag("gen_ai.tool.name", name)
            .SetTag("gen_ai.tool.call.id", execution.Command.ExecutionId)
            .SetTag("sandbox.queue.seconds", wait.TotalSeconds)
            .SetTag("sandbox.tenant", tenant);
    }

    /// <summary>Ends the turn with what became of it.</summary>
    internal static void End(this Activity? turn, ExecutionReply reply) => turn.End(reply switch
    {
        ExecutionEnded { Result.Error: { } error } => Tags.NameOf(error.Kind),
        ExecutionRefused refused => Tags.NameOf(refused.Reason),
        _ => null,
    });

    /// <summary>Ends a span.</summary>
    /// <param name="span">Null: nobody listens.</param>
    /// <param name="error">From a closed vocabulary; null: it did what it was to do.</param>
    internal static void End(this Activity? span, string? error)
    {
        if (span is null)
            return;
        if (error is not null)
            span.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
        span.Dispose();
    }
}

using System.Collections.Frozen;
using System.Diagnostics;
using OpenTelemetry;

namespace Sandbox.Cluster.Silo.Telemetry;

/// <summary>
/// Lets through what is known to say nothing of a tenant's: paths, addresses, headers and the keys of grains are on spans of others'
/// making, and a list of what to take away would end with the next version of theirs.
/// </summary>
internal sealed class KnownTags : BaseProcessor<Activity>
{
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.Ordinal,
        "error.type",
        "gen_ai.operation.name", "gen_ai.tool.call.id", "gen_ai.tool.name",
        "http.request.method", "http.response.status_code", "http.route",
        "rpc.method", "rpc.service", "rpc.system",
        "sandbox.from", "sandbox.language", "sandbox.queue.seconds", "sandbox.tenant");

    public override void OnEnd(Activity data)
    {
        ArgumentNullException.ThrowIfNull(data);
        // Silos ask each other several times a second how loaded they are, which is no part of any call.
        if (data.Parent is null && data.ParentSpanId == default && data.DisplayName.StartsWith("ISiloLoadService/", StringComparison.Ordinal))
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        foreach (var (name, _) in data.TagObjects.ToArray())
        {
            if (!Known.Contains(name))
                data.SetTag(name, null);
        }
        // A description is a message, and a message may quote.
        if (data.StatusDescription is not null)
            data.SetStatus(data.Status);
    }
}

using System.Globalization;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Contexts;

/// <summary>The headers of an answer that touched a context: what became of its state.</summary>
internal static class ContextHeaders
{
    public static void Write(HttpResponse response, ContextNews? news)
    {
        if (news is null)
            return;
        response.Headers["Context-Incarnation"] = news.Incarnation.ToString(CultureInfo.InvariantCulture);
        response.Headers["Context-State"] = ExecutionAnswer.NameOf(news.State);
        if (news.RestoredTo is { } count)
            response.Headers["Context-Restored-To"] = count.ToString(CultureInfo.InvariantCulture);
    }
}

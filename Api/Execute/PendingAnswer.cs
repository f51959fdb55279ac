using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Grains.Interfaces.Executions;

namespace Sandbox.Cluster.Api.Execute;

/// <summary>202: the execution waits or runs.</summary>
/// <param name="ContextId">Its context.</param>
/// <param name="ExecutionId">Its id.</param>
internal sealed record PendingAnswer(string ContextId, string ExecutionId)
{
    /// <summary>The answer, which says where to ask again.</summary>
    public static IResult Of(HttpResponse response, string contextId, string executionId, ExecutionPending pending)
    {
        if (pending.InsteadOf is { } first)
        {
            executionId = first;
            response.Headers[IdempotencyHeader.Replayed] = "true";
        }
        response.Headers["Execution-Id"] = executionId;
        response.Headers.Location = $"/contexts/{contextId}/executions/{executionId}";
        return TypedResults.Json(new PendingAnswer(contextId, executionId), ApiJson.Default.PendingAnswer, statusCode: StatusCodes.Status202Accepted);
    }
}

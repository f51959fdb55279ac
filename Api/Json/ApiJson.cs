using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Api.Health;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Json;

/// <summary>The JSON of small answers: snake_case, and a member without a value is left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Refusal))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ContextAnswer))]
[JsonSerializable(typeof(PendingAnswer))]
[JsonSerializable(typeof(ContextListAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>
    /// How text is escaped: as little as JSON allows. The default also escapes what would be dangerous inside HTML, which no
    /// answer is ever part of: every one is <c>application/json</c> with <c>nosniff</c>.
    /// </summary>
    public static readonly JsonWriterOptions Writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

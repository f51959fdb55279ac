using System.Text;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>A span as it went over the wire: <c>opentelemetry/proto/trace/v1/trace.proto</c>, as far as tests need it.</summary>
internal sealed record OtlpSpan(
    string Service, string TraceId, string Id, string? ParentId, string Name, IReadOnlyDictionary<string, string> Attributes)
{
    /// <summary>The spans of an <c>ExportTraceServiceRequest</c>.</summary>
    public static IEnumerable<OtlpSpan> ReadAll(byte[] request)
    {
        foreach (var ofResource in ProtobufField.Read(request).Where(field => field.Number == 1))
        {
            var fields = ProtobufField.Read(ofResource.Bytes).ToList();
            var resource = AttributesOf(fields.Single(field => field.Number == 1).Bytes, number: 1);
            foreach (var ofScope in fields.Where(field => field.Number == 2))
            {
                foreach (var span in ProtobufField.Read(ofScope.Bytes).Where(field => field.Number == 2))
                    yield return Read(resource["service.name"], span.Bytes);
            }
        }
    }

    private static OtlpSpan Read(string service, byte[] span)
    {
        var fields = ProtobufField.Read(span).ToLookup(field => field.Number, field => field.Bytes);
        var parent = fields[4].SingleOrDefault();
        return new OtlpSpan(
            service, Convert.ToHexString(fields[1].Single()), Convert.ToHexString(fields[2].Single()),
            parent is { Length: > 0 } ? Convert.ToHexString(parent) : null, Encoding.UTF8.GetString(fields[5].Single()), AttributesOf(span, number: 9));
    }

    /// <summary>Texts as they are, anything else as the bytes that it is.</summary>
    private static Dictionary<string, string> AttributesOf(byte[] message, int number) => ProtobufField.Read(message)
        .Where(field => field.Number == number)
        .Select(attribute => ProtobufField.Read(attribute.Bytes).ToDictionary(field => field.Number, field => field.Bytes))
        .ToDictionary(attribute => Encoding.UTF8.GetString(attribute[1]), attribute => ProtobufField.Read(attribute[2]).Single() is { Number: 1 } text
            ? Encoding.UTF8.GetString(text.Bytes)
            : Convert.ToHexString(attribute[2]));
}

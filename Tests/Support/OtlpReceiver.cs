using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>What a collector is to a program: OTLP over gRPC, on a free loopback port. Keeps all that it gets.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const string Traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    private readonly WebApplication _server;
    private readonly ConcurrentQueue<(string Path, byte[] Message)> _received = new();

    private OtlpReceiver(WebApplication server) => _server = server;

    /// <summary>Everything that came, as text that the bytes of messages are searched as.</summary>
    public string Text => string.Concat(_received.Select(received => Encoding.Latin1.GetString(received.Message)));

    /// <summary>The spans that came.</summary>
    public IReadOnlyList<OtlpSpan> Spans =>
        [.. _received.Where(received => received.Path == Traces).SelectMany(received => OtlpSpan.ReadAll(received.Message))];

    /// <summary>Settings of a program that exports to this.</summary>
    public (string Name, string Value)[] Settings =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
    ];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var receiver = new OtlpReceiver(builder.Build());
        receiver._server.Run(receiver.TakeAsync);
        await receiver._server.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    /// <summary>A unary call: a flag, a length, the message; the answer is an empty one.</summary>
    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var frame = body.ToArray();
        Assert.Equal(0, frame[0]);
        Assert.Equal(frame.Length - 5, BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(1)));
        _received.Enqueue((http.Request.Path, frame[5..]));
        http.Response.ContentType = "application/grpc";
        await http.Response.Body.WriteAsync(new byte[5], http.RequestAborted);
        http.Response.AppendTrailer("grpc-status", "0");
    }
}

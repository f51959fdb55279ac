using Microsoft.Extensions.DependencyInjection.Extensions;
using Sandbox.Cluster.Api.Access;
using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.Creation;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Api.Files;
using Sandbox.Cluster.Api.Health;
using Sandbox.Cluster.Api.Hosting;
using Sandbox.Cluster.Api.Inquiries;
using Sandbox.Cluster.Api.Limits;
using Sandbox.Cluster.Api.OpenApi;
using Sandbox.Cluster.Api.Streams;
using Sandbox.Cluster.Api.Telemetry;
using Sandbox.Cluster.Grains.Files;
using Sandbox.Cluster.Silo.Hosting;
using Sandbox.Cluster.Silo.Storage;
using Sandbox.Cluster.Silo.Telemetry;

// The settings stand beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

// What it tells of itself.
builder.AddNamelessLogs();
builder.AddTelemetry("sandbox-cluster-api", ApiTelemetry.TraceRequests);
builder.Services.AddSingleton<RefusalMetrics>();
builder.Services.AddHostedService(services => services.GetRequiredService<RefusalMetrics>());

// The cluster: a client of it, or, where there is none, a silo of its own.
if (builder.Configuration.IsClustered())
{
    builder.AddAzureTables();
    builder.UseOrleansClient(client =>
    {
        if (builder.Configuration.IsTraced())
            client.AddActivityPropagation();
    });
}
else
{
    builder.AddSandboxSilo();
}
builder.Services.TryAddSingleton(TimeProvider.System);
builder.Services.AddSingleton<ContextClient>();
builder.Services.AddOptions<FileTransferOptions>().BindConfiguration(FileTransferOptions.Section).ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddSingleton<FileClient>();
builder.Services.AddSingleton<InquiryClient>();
builder.Services.AddSingleton<ContextReader>();
builder.Services.AddSingleton<ContextLifecycleClient>();
builder.Services.AddSingleton<CreationClient>();
builder.Services.AddSingleton<EventClient>();

// What a request may ask for.
builder.Services.AddOptions<ExecuteLimits>().BindConfiguration(ExecuteLimits.Section).ValidateDataAnnotations()
    .Validate(limits => limits.DefaultTimeout <= limits.MaxTimeout, $"{ExecuteLimits.Section}:DefaultTimeout must not be above MaxTimeout.")
    .ValidateOnStart();
builder.Services.AddOptions<CreationLimits>().BindConfiguration(CreationLimits.Section).ValidateDataAnnotations().ValidateOnStart();

// Who may call, and how much.
builder.AddAccess();
builder.Services.AddTenantLimits();

// What the endpoints say of themselves.
builder.Services.AddOpenApiDocument();

// HTTP, on loopback unless there are credentials or somebody decided otherwise.
var loopbackOnly = builder.Configuration.ServesLoopbackOnly();
if (string.IsNullOrEmpty(builder.Configuration[WebHostDefaults.ServerUrlsKey]))
    builder.WebHost.UseUrls("http://127.0.0.1:8080");
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.MaxRequestBodySize = 8 * ExecuteRequestReader.MaxBodyBytes;
    if (loopbackOnly)
        kestrel.ListenOnLoopbackOnly();
});

var app = builder.Build();

app.Use((http, next) =>
{
    // On starting, because an answer to a failure begins with no headers.
    http.Response.OnStarting(static response =>
    {
        ((HttpResponse)response).Headers.XContentTypeOptions = "nosniff";
        return Task.CompletedTask;
    }, http.Response);
    return next(http);
});
app.UsePlainFailures();
app.UseResolvedPathsOnly();
if (loopbackOnly)
    app.UseLoopbackOnly();
app.UseAccess();
app.UseTenantLimits();

app.MapHealth();
app.MapExecute();
app.MapExecutions();
app.MapFiles();
app.MapInquiries();
app.MapContexts();
app.MapCreation();
app.MapOpenApiDocument();

await app.RunAsync();

using Sandbox.Cluster.Api.Contexts;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Api.Health;
using Sandbox.Cluster.Api.Hosting;
using Sandbox.Cluster.Silo.Hosting;

// The settings stand beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

// The cluster: this process is a silo as well.
builder.AddSandboxSilo();
builder.Services.AddSingleton<ContextClient>();

// What a request may ask for.
builder.Services.AddOptions<ExecuteLimits>().BindConfiguration(ExecuteLimits.Section).ValidateDataAnnotations().ValidateOnStart();

// HTTP, on loopback unless somebody decided otherwise.
var access = builder.Configuration.GetSection(AccessOptions.Section).Get<AccessOptions>() ?? new AccessOptions();
if (string.IsNullOrEmpty(builder.Configuration[WebHostDefaults.ServerUrlsKey]))
    builder.WebHost.UseUrls("http://127.0.0.1:8080");
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.MaxRequestBodySize = 8 * ExecuteRequestReader.MaxBodyBytes;
    if (!access.AllowAnonymous)
        kestrel.ListenOnLoopbackOnly();
});

var app = builder.Build();

app.UsePlainFailures();
app.Use((http, next) =>
{
    http.Response.Headers.XContentTypeOptions = "nosniff";
    return next(http);
});
if (!access.AllowAnonymous)
    app.UseLoopbackOnly();

app.MapHealth();
app.MapExecute();

await app.RunAsync();

using Sandbox.Cluster.Silo.Hosting;
using Sandbox.Cluster.Silo.Telemetry;

// The settings stand beside the program, wherever it is started from.
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddNamelessLogs();
builder.AddTelemetry("sandbox-cluster-silo");
builder.AddSandboxSilo();
await builder.Build().RunAsync();

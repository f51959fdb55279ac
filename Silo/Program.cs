using Sandbox.Cluster.Silo.Hosting;

// The settings stand beside the program, wherever it is started from.
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddSandboxSilo();
await builder.Build().RunAsync();

using Sandbox.Cluster.Silo.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.AddSandboxSilo();
await builder.Build().RunAsync();

using Sandbox.Cluster.Benchmarks;

// Every figure stands beside its peer, measured in the same run.
//   dotnet run -c Release --project Tests/Benchmarks [-- RUNS]
var runs = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 2000;
await WarmExecute.RunAsync(runs);

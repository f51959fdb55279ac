using System.Reflection;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>Where the tests find what is not compiled into them.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!);

    public static string Drivers => Path.Combine(Root, "Grains", "drivers");
}

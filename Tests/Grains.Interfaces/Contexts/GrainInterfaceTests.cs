using System.Reflection;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Tests.GrainsInterfaces.Contexts;

public class GrainInterfaceTests
{
    public static TheoryData<string> Methods => [.. GrainMethods().Select(NameOf)];

    /// <summary>A client is not told when the silo that it asked dies, so it must not wait for long (decision 2).</summary>
    [Theory, MemberData(nameof(Methods))]
    public void EveryCallOfAGrain_HasAShortResponseTimeout(string name)
    {
        var timeout = GrainMethods().Single(method => NameOf(method) == name).GetCustomAttribute<ResponseTimeoutAttribute>();
        Assert.NotNull(timeout?.Timeout);
        Assert.InRange(timeout.Timeout.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    private static IEnumerable<MethodInfo> GrainMethods() => typeof(IContextGrain).Assembly.GetTypes()
        .Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain)))
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly));

    private static string NameOf(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";
}

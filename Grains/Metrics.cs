namespace Sandbox.Cluster.Grains;

/// <summary>The meter of everything that this project counts.</summary>
public static class Metrics
{
    /// <summary>Its name, for exporters.</summary>
    public const string MeterName = "Sandbox.Cluster";
}

using Azure.Data.Tables;
using Azure.Identity;

namespace Sandbox.Cluster.Silo.Storage;

/// <summary>
/// Azure Table storage that is reached with the program's own identity, for clustering and records: what Orleans' settings call it is
/// <see cref="ServiceKey"/>, since a connection string there would hold a key. Configuration section <c>Sandbox:AzureTables</c>.
/// </summary>
public sealed class AzureTablesOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Sandbox:AzureTables";

    /// <summary>The value of <c>Orleans:Clustering:ServiceKey</c> and <c>Orleans:GrainStorage:contexts:ServiceKey</c>.</summary>
    public const string ServiceKey = "azure-tables";

    /// <summary>Its address, <c>https://….table.core.windows.net</c>.</summary>
    public Uri? ServiceUri { get; set; }
}

/// <summary>Makes the client of <see cref="AzureTablesOptions"/>.</summary>
public static class AzureTables
{
    private static readonly string[] ServiceKeys = ["Orleans:Clustering:ServiceKey", $"Orleans:GrainStorage:{FileGrainStorage.Name}:ServiceKey"];

    /// <summary>Adds the client where an address is set. Silos and Apis both need it.</summary>
    public static void AddAzureTables(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Configuration.GetSection(AzureTablesOptions.Section).Get<AzureTablesOptions>();
        if (options?.ServiceUri is { } uri)
        {
            if (!TakesTokens(uri))
                throw new InvalidOperationException($"{AzureTablesOptions.Section}:ServiceUri must begin with https://.");
            builder.Services.AddKeyedSingleton(AzureTablesOptions.ServiceKey, (_, _) => new TableServiceClient(uri, new DefaultAzureCredential()));
        }
        else if (ServiceKeys.FirstOrDefault(key => builder.Configuration[key] == AzureTablesOptions.ServiceKey) is { } key)
        {
            throw new InvalidOperationException($"{AzureTablesOptions.Section}:ServiceUri must be set: {key} names it.");
        }
    }

    /// <summary>Whether a program may send its token to an address.</summary>
    internal static bool TakesTokens(Uri address) => address.IsAbsoluteUri && address.Scheme == Uri.UriSchemeHttps;
}

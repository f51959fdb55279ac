using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Grains.Checkpoints;
using Sandbox.Cluster.Silo.Hosting;
using StackExchange.Redis;

namespace Sandbox.Cluster.Silo.Storage.Checkpoints;

/// <summary>Makes the store that the configuration names.</summary>
internal static class CheckpointStores
{
    /// <summary>Adds the store, and refuses to start when it is named incompletely.</summary>
    public static void AddCheckpointStore(this IHostApplicationBuilder builder)
    {
        var isClustered = builder.Configuration.IsClustered();
        builder.Services.AddOptions<CheckpointStoreOptions>().BindConfiguration(CheckpointStoreOptions.Section).ValidateDataAnnotations()
            .Validate(options => !isClustered || options.Kind is not null,
                $"{CheckpointStoreOptions.Section}:Kind must be set in a cluster: Redis, AzureBlob, or Folder with a Folder that all silos share.")
            .Validate(options => !isClustered || options.Kind is not CheckpointStoreKind.Folder || options.Folder is not null,
                $"{CheckpointStoreOptions.Section}:Folder must be set in a cluster: a folder that all silos share.")
            .Validate(options => options.Kind is not CheckpointStoreKind.Redis || options.ConnectionString is not null,
                $"{CheckpointStoreOptions.Section}:ConnectionString must be set for Redis.")
            .Validate(options => options.Kind is not CheckpointStoreKind.AzureBlob || options.ConnectionString is not null || options.ServiceUri is not null,
                $"{CheckpointStoreOptions.Section}:ServiceUri or ConnectionString must be set for Azure Blob storage.")
            .Validate(options => options.ServiceUri is null || AzureTables.TakesTokens(options.ServiceUri),
                $"{CheckpointStoreOptions.Section}:ServiceUri must begin with https://.")
            .Validate(options => options.ServiceUri is not null || options.ConnectionString is null || IsUnderstood(options),
                $"{CheckpointStoreOptions.Section}:ConnectionString is none of that kind of store.")
            .ValidateOnStart();
        builder.Services.AddSingleton(Create);
    }

    private static ICheckpointStore Create(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<CheckpointStoreOptions>>().Value;
        return options.Kind switch
        {
            CheckpointStoreKind.Redis => new RedisCheckpointStore(() => ConnectionMultiplexer.ConnectAsync(Patient(options.ConnectionString!)), options.Container),
            CheckpointStoreKind.AzureBlob => new AzureBlobCheckpointStore(Container(options)),
            _ => new FolderCheckpointStore(options.Folder ?? services.GetRequiredService<DataDirectory>().Folder("checkpoints")),
        };
    }

    // What the clients say of it repeats it, and it may hold a key.
    private static bool IsUnderstood(CheckpointStoreOptions options)
    {
        try
        {
            switch (options.Kind)
            {
                case CheckpointStoreKind.Redis:
                    return Patient(options.ConnectionString!).EndPoints.Count > 0;
                case CheckpointStoreKind.AzureBlob:
                    _ = Container(options);
                    return true;
                default:
                    return true;
            }
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>A Redis that is away for a moment is waited for, as for the records.</summary>
    private static ConfigurationOptions Patient(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = false;
        return options;
    }

    private static BlobContainerClient Container(CheckpointStoreOptions options) => options.ServiceUri is { } uri
        ? new BlobServiceClient(uri, new DefaultAzureCredential()).GetBlobContainerClient(options.Container)
        : new BlobContainerClient(options.ConnectionString, options.Container);
}

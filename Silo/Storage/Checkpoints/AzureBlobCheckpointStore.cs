using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Sandbox.Cluster.Grains.Checkpoints;

namespace Sandbox.Cluster.Silo.Storage.Checkpoints;

/// <summary>Checkpoints as block blobs, which appear when their last block is there.</summary>
internal sealed class AzureBlobCheckpointStore(BlobContainerClient container) : ICheckpointStore
{
    public async Task WriteAsync(CheckpointName name, Stream content, CancellationToken cancellationToken)
    {
        var start = content.Position;
        try
        {
            await BlobOf(name).UploadAsync(content, overwrite: true, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // Nothing was ever stored, or somebody has removed it.
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            content.Position = start;
            await BlobOf(name).UploadAsync(content, overwrite: true, cancellationToken);
        }
    }

    public async Task<bool> ReadAsync(CheckpointName name, Stream destination, CancellationToken cancellationToken)
    {
        try
        {
            await BlobOf(name).DownloadToAsync(destination, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e.Status == StatusCodes.Status404NotFound)
        {
            return false;
        }
    }

    public Task DeleteAsync(CheckpointName name, CancellationToken cancellationToken) =>
        BlobOf(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken);

    public async Task DeleteAllAsync(string context, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{context}/" }, cancellationToken))
                await container.DeleteBlobIfExistsAsync(blob.Name, DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // Nothing was ever stored.
        }
    }

    private BlobClient BlobOf(CheckpointName name) => container.GetBlobClient($"{name.Context}/{name.Content}");
}

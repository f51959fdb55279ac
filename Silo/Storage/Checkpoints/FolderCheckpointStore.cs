using Sandbox.Cluster.Grains.Checkpoints;

namespace Sandbox.Cluster.Silo.Storage.Checkpoints;

/// <summary>Checkpoints as files, a folder a context.</summary>
internal sealed class FolderCheckpointStore(string root) : ICheckpointStore
{
    public async Task WriteAsync(CheckpointName name, Stream content, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(FolderOf(name.Context), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // Beside it first: a name never stands for half of its content.
        var beside = Path.Combine(folder.FullName, $"{Guid.NewGuid():N}.new");
        try
        {
            await using (var file = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                await content.CopyToAsync(file, cancellationToken);
                file.Flush(flushToDisk: true);
            }
            File.Move(beside, PathOf(name), overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    public async Task<bool> ReadAsync(CheckpointName name, Stream destination, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            await file.CopyToAsync(destination, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    public Task DeleteAsync(CheckpointName name, CancellationToken cancellationToken)
    {
        if (File.Exists(PathOf(name)))
            File.Delete(PathOf(name));
        return Task.CompletedTask;
    }

    public Task DeleteAllAsync(string context, CancellationToken cancellationToken)
    {
        if (Directory.Exists(FolderOf(context)))
            Directory.Delete(FolderOf(context), recursive: true);
        return Task.CompletedTask;
    }

    private string FolderOf(string context) => Path.Combine(root, context);

    private string PathOf(CheckpointName name) => Path.Combine(FolderOf(name.Context), name.Content);
}

namespace Sandbox.Cluster.Silo.Storage;

/// <summary>The folder of one silo, locked for it: etags of files mean nothing to a second writer.</summary>
internal sealed class DataDirectory : IDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly FileStream _lock;

    private DataDirectory(DirectoryInfo directory, FileStream @lock)
    {
        _directory = directory;
        _lock = @lock;
    }

    /// <summary>Creates the folder where it is missing, for this user alone, and locks it.</summary>
    /// <exception cref="InvalidOperationException">Another silo uses it, or it cannot be written.</exception>
    public static DataDirectory Open(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            var directory = Directory.CreateDirectory(
                full, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new DataDirectory(
                directory, new FileStream(Path.Combine(full, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"The data folder {full} cannot be used: {e.Message} End the silo that uses it, or set Sandbox:DataDirectory.", e);
        }
    }

    /// <summary>A folder in it, made where it is missing.</summary>
    public string Folder(string name) => _directory.CreateSubdirectory(name).FullName;

    public void Dispose() => _lock.Dispose();
}

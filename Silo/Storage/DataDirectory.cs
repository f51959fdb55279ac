using Microsoft.Extensions.Options;
using Sandbox.Cluster.Silo.Hosting;

namespace Sandbox.Cluster.Silo.Storage;

/// <summary>
/// The folder of one silo, locked for it: etags of files mean nothing to a second writer. A hosted service, so that a silo
/// whose folder cannot be used does not start, instead of failing at its first context.
/// </summary>
internal sealed class DataDirectory(IOptions<SiloOptions> options) : IHostedService, IDisposable
{
    private readonly string _path = Path.GetFullPath(options.Value.DataDirectory);
    private FileStream? _lock;

    /// <summary>Creates the folder where it is missing, for this user alone, and locks it.</summary>
    /// <exception cref="InvalidOperationException">Another silo uses it, or it cannot be written.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            _lock = new FileStream(Path.Combine(_path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"The data folder {_path} cannot be used: {e.Message} End the silo that uses it, or set Sandbox:DataDirectory.", e);
        }
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A folder in it, made where it is missing.</summary>
    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(_path, name)).FullName;

    public void Dispose() => _lock?.Dispose();
}

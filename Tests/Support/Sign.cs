namespace Sandbox.Cluster.Tests.Support;

/// <summary>How code that runs tells a test that it does, and the other way round: by making a file.</summary>
internal sealed class Sign : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"sign-{Guid.NewGuid():N}");

    /// <summary>A line of Python that gives the sign.</summary>
    public string GivePython() => $"open('{_path}', 'w').close()";

    /// <summary>A statement of TypeScript that gives the sign.</summary>
    public string GiveTypeScript() => $"require('fs').writeFileSync('{_path}', '');";

    /// <summary>An expression of Python: whether it was given.</summary>
    public string IsGivenPython() => $"__import__('os').path.exists('{_path}')";

    /// <summary>Gives it from this side.</summary>
    public void Give() => File.WriteAllText(_path, "");

    /// <summary>Returns once it was given.</summary>
    public async Task GivenAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!File.Exists(_path))
            await Task.Delay(5, bound.Token);
    }

    public void Dispose() => File.Delete(_path);
}

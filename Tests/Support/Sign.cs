using System.Runtime.InteropServices;

namespace Sandbox.Cluster.Tests.Support;

/// <summary>
/// How code that runs tells a test that it does, through the walls: by the name of its process, which the machine sees.
/// </summary>
internal sealed partial class Sign
{
    // SIGUSR1
    private const int AnswerSignal = 10;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    // A process' name has at most 15 bytes.
    private readonly string _name = $"s{Guid.NewGuid():N}"[..15];

    /// <summary>The process that gave it, once it was given.</summary>
    public int ProcessId { get; private set; }

    /// <summary>A line of Python that gives the sign.</summary>
    public string GivePython() => $"__import__('pathlib').Path('/proc/self/comm').write_text('{_name}')";

    /// <summary>A statement of TypeScript that gives the sign.</summary>
    public string GiveTypeScript() => $"require('fs').writeFileSync('/proc/self/comm', '{_name}');";

    /// <summary>Returns once it was given.</summary>
    public async Task GivenAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        while ((ProcessId = Find()) == 0)
            await Task.Delay(5, bound.Token);
    }

    /// <summary>A line of Python that gives the sign and goes on once the test has answered.</summary>
    public string GiveAndAwaitAnswerPython() =>
        $"import signal; signal.pthread_sigmask(0, [{AnswerSignal}]); {GivePython()}; signal.sigwait([{AnswerSignal}])";

    /// <summary>Answers the process that gave the sign.</summary>
    public void Answer() => Assert.Equal(0, Kill(ProcessId, AnswerSignal));

    private int Find() => Directory.GetDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0)
        .FirstOrDefault(id => id > 0 && NameOf(id) == _name);

    private static string? NameOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").TrimEnd('\n');
        }
        catch (IOException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}

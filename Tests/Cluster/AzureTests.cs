using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Cluster;

/// <summary>A cluster that keeps everything in Azure Storage and has no key to it, with the settings of the overlay <c>azure</c>.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class AzureTests : IAsyncLifetime
{
    private const int Kill = 9;
    private const int Terminate = 15;

    private AzureAccount _account = null!;
    private ClusterProcess _cluster = null!;

    private HttpClient Client => _cluster.Clients[0];

    public async Task InitializeAsync()
    {
        _account = await AzureAccount.StartAsync();
        try
        {
            _cluster = await ClusterProcess.StartAsync(silos: 2, apis: 1, [.. ClusterProcess.NoneWarm, .. _account.Settings]);
        }
        catch
        {
            // Nobody else would: what did not begin is not ended.
            await _account.DisposeAsync();
            throw;
        }
    }

    public async Task DisposeAsync()
    {
        await using var account = _account;
        await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData(Kill)]
    [InlineData(Terminate)]
    public async Task Contexts_ComeBackComplete_WhenTheirSiloIsGone(int signal)
    {
        var sign = new Sign();
        await Client.ExecuteAsync("x = 41\nopen('f', 'w').write('kept')", contextId: "a");
        await Client.ExecuteAsync("let y = 41; await Bun.write('f', 'kept')", "typescript", contextId: "b");
        await Client.ExecuteAsync(sign.GivePython(), contextId: "a");
        await sign.GivenAsync();
        // Only a silo that dies has no time left to save them.
        if (signal == Kill)
            await Task.Delay(SiloDeath.QuietBefore);

        ClusterProcess.Signal(_cluster.SiloOf(sign.ProcessId), signal);
        // Until it is gone it may answer itself.
        await Eventually.UntilAsync(() => !Directory.Exists($"/proc/{sign.ProcessId}"));

        var moved = (await Client.UntilKnownAsync("f'{x + 1} {open(\"f\").read()}'", "a"))[^1];
        Assert.Equal(("'42 kept'", "restored", "1"), (moved.Text, moved.State, moved.Incarnation));
        // It was on the same silo, or on the other one.
        var other = (await Client.UntilKnownAsync("`${y + 1} ${await Bun.file('f').text()}`", "b", "typescript"))[^1];
        Assert.Equal(("'42 kept'", "1"), (other.Text, other.Incarnation));
        Assert.True(other.State is "kept" or "restored", other.State);
    }

    [Fact]
    public async Task ADeletedContext_IsANewOneForTheNextCall_AndIsListedNoMore()
    {
        await Client.ExecuteAsync("x = 1", contextId: "a");
        Assert.Equal(HttpStatusCode.NoContent, (await Client.DeleteAsync("/contexts/a")).StatusCode);
        Assert.DoesNotContain("\"a\"", await Client.GetStringAsync("/contexts"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await Client.DeleteAsync("/contexts/a")).StatusCode);

        var again = await Client.ExecuteAsync("'x' in globals()", contextId: "a");

        Assert.Equal(("False", "new"), (again.Text, again.State));
        Assert.Contains("\"a\"", await Client.GetStringAsync("/contexts"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheIdentityOfASilo_IsNotItsSessions()
    {
        var answer = await Client.ExecuteAsync("import os; sorted(name for name in os.environ if 'IDENTITY' in name or 'AZURE' in name.upper())");
        Assert.Equal("[]", answer.Text);
    }
}

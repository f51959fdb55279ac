using System.Net;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Cluster;

/// <summary>A cluster that keeps everything in Azure Storage and has no key to it, as the overlay <c>azure</c> sets it up.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Slow")]
public sealed class AzureTests : IAsyncLifetime
{
    private const int Kill = 9;
    private const int Terminate = 15;

    // The contract's figures.
    private static readonly TimeSpan QuietBeforeTheKill = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(20);

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
        await _cluster.DisposeAsync();
        await _account.DisposeAsync();
    }

    [Theory]
    [InlineData(Kill)]
    [InlineData(Terminate)]
    public async Task WhatWasQuiet_ComesBackComplete_WhenItsSiloIsGone(int signal)
    {
        var sign = new Sign();
        await Client.ExecuteAsync("x = 41\nopen('f', 'w').write('kept')", contextId: "a");
        await Client.ExecuteAsync("let y = 41; await Bun.write('f', 'kept')", "typescript", contextId: "b");
        await Client.ExecuteAsync($"import time; {sign.GivePython()}", contextId: "a");
        await sign.GivenAsync();
        await Task.Delay(QuietBeforeTheKill);

        ClusterProcess.Signal(_cluster.SiloOf(sign.ProcessId), signal);

        Assert.Equal(("'42 kept'", "restored", "1"), await UntilKnownAsync("f'{x + 1} {open(\"f\").read()}'", "python", "a"));
        // On the same silo, or on the other one.
        var (text, state, incarnation) = await UntilKnownAsync("`${y + 1} ${await Bun.file('f').text()}`", "typescript", "b");
        Assert.Equal(("'42 kept'", "1"), (text, incarnation));
        Assert.True(state is "kept" or "restored", state);
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

    /// <summary>Asks until the answer is one of the code's.</summary>
    private async Task<(string? Text, string? State, string? Incarnation)> UntilKnownAsync(string code, string language, string contextId)
    {
        using var bound = new CancellationTokenSource(AnswersWithin);
        while (true)
        {
            var answer = await Client.ExecuteAsync(code, language, contextId: contextId, cancellationToken: bound.Token);
            if (answer.Status == HttpStatusCode.OK)
                return (answer.Text, answer.State, answer.Incarnation);
            Assert.True(answer.Status == HttpStatusCode.ServiceUnavailable || answer.ErrorName == "SiloUnavailable", answer.ToString());
        }
    }
}

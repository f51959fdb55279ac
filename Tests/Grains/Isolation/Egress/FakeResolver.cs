using System.Collections.Concurrent;
using System.Net;
using Sandbox.Cluster.Grains.Isolation.Egress;

namespace Sandbox.Cluster.Tests.Grains.Isolation.Egress;

/// <summary>Answers every name, with what the test says.</summary>
internal sealed class FakeResolver : IEgressResolver
{
    public const string PublicAddress = "93.184.215.14";

    private readonly ConcurrentQueue<string[]> _answers = new([[PublicAddress]]);
    private readonly Lock _lock = new();
    private int _running;

    /// <summary>The names that were looked up.</summary>
    public ConcurrentQueue<string> Lookups { get; } = [];

    /// <summary>Whether lookups never end by themselves.</summary>
    public bool Hangs { get; set; }

    /// <summary>The most lookups that there were at a time.</summary>
    public int Most { get; private set; }

    public void Answer(params string[] addresses) => AnswerInTurn(addresses);

    /// <summary>One answer a lookup, and the last one from then on.</summary>
    public void AnswerInTurn(params string[][] answers)
    {
        _answers.Clear();
        foreach (var answer in answers)
            _answers.Enqueue(answer);
    }

    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        Lookups.Enqueue(host);
        lock (_lock)
            Most = Math.Max(Most, ++_running);
        try
        {
            if (Hangs)
                await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            lock (_lock)
                _running--;
        }
        var answer = _answers.Count > 1 && _answers.TryDequeue(out var next) ? next : _answers.First();
        return Array.ConvertAll(answer, IPAddress.Parse);
    }
}

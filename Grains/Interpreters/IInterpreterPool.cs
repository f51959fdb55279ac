using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>Where contexts get their interpreters from. The silo has one.</summary>
public interface IInterpreterPool
{
    /// <summary>Whether an interpreter of every language could be started now.</summary>
    bool IsReady { get; }

    /// <summary>Hands out a fresh interpreter; the caller owns it.</summary>
    /// <exception cref="InterpreterUnavailableException">None could be started within the configured time.</exception>
    Task<IInterpreter> StartAsync(Language language, CancellationToken cancellationToken);
}

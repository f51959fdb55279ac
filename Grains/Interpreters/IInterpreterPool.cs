using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Grains.Interpreters;

/// <summary>Where contexts get their interpreters from. The silo has one.</summary>
public interface IInterpreterPool
{
    /// <summary>Whether an interpreter of every language could be started now.</summary>
    bool IsReady { get; }

    /// <summary>
    /// Hands out a new home, where interpreters of the language can be started; the caller owns it. The tenant decides
    /// which hosts they may reach; <paramref name="surroundings"/> are those of every interpreter that is started there.
    /// </summary>
    /// <exception cref="InterpreterUnavailableException">There was none to be had within the configured time.</exception>
    Task<IHome> OpenHomeAsync(Language language, string tenant, Surroundings surroundings, CancellationToken cancellationToken);
}

namespace Sandbox.Cluster.Grains.Isolation.Egress;

/// <summary>What became of a connection that was accepted: a closed vocabulary, for counters, logs and answers.</summary>
internal enum EgressOutcome
{
    /// <summary>A tunnel that both sides closed.</summary>
    Closed,

    /// <summary>A tunnel that one side broke.</summary>
    Broken,

    /// <summary>A tunnel in which nothing moved for too long.</summary>
    Idle,

    /// <summary>The context ended.</summary>
    ContextEnded,

    /// <summary>The client left without a whole request.</summary>
    Abandoned,

    /// <summary>A fault of ours; the log has it.</summary>
    Failed,

    /// <summary>Refused: not a CONNECT request as we take it.</summary>
    BadRequest,

    /// <summary>Refused: another method than CONNECT.</summary>
    MethodNotAllowed,

    /// <summary>Refused: another port than 443.</summary>
    PortNotAllowed,

    /// <summary>Refused: an address instead of a name.</summary>
    AddressNotAllowed,

    /// <summary>Refused: the host is not on the allow-list.</summary>
    HostNotAllowed,

    /// <summary>Refused: the host's name leads to no public address.</summary>
    NotPublic,

    /// <summary>Refused: the request was not complete in time.</summary>
    RequestTimeout,

    /// <summary>Refused: the host's name leads to no address.</summary>
    Unresolved,

    /// <summary>Refused: no address of the host accepted the connection.</summary>
    Unreachable,

    /// <summary>Refused: the host was not connected to in time.</summary>
    ConnectTimeout,
}

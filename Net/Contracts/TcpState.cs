// RFC 9293 3.3.2: the states of a connection.
namespace Troupe.Net.Contracts;

/// <summary>A TCP connection's state.</summary>
public enum TcpState : byte
{
    /// <summary>CLOSED: no connection.</summary>
    Closed,

    /// <summary>SYN-SENT: waiting for the answer to our SYN.</summary>
    SynSent,

    /// <summary>SYN-RECEIVED: both SYNs sent, ours not yet acknowledged.</summary>
    SynReceived,

    /// <summary>ESTABLISHED: open both ways.</summary>
    Established,

    /// <summary>FIN-WAIT-1: we closed, our FIN is not yet acknowledged.</summary>
    FinWait1,

    /// <summary>FIN-WAIT-2: we closed, the peer has not.</summary>
    FinWait2,

    /// <summary>CLOSE-WAIT: the peer closed, we have not.</summary>
    CloseWait,

    /// <summary>CLOSING: both closed at once, our FIN is not yet acknowledged.</summary>
    Closing,

    /// <summary>LAST-ACK: the peer closed first, our FIN is not yet acknowledged.</summary>
    LastAck,

    /// <summary>TIME-WAIT: both closed; old segments are waited out.</summary>
    TimeWait,
}

/// <summary>How a connection came to its end.</summary>
public enum TcpCloseReason : byte
{
    /// <summary>Both sides sent their FIN and had it acknowledged.</summary>
    Closed,

    /// <summary>The peer sent a reset.</summary>
    ResetByPeer,

    /// <summary>The application aborted.</summary>
    Aborted,

    /// <summary>The peer answered the SYN with a reset.</summary>
    Refused,

    /// <summary>The peer no longer answers.</summary>
    TimedOut,

    /// <summary>Routers said that the host cannot be reached, and the peer did not answer.</summary>
    HostUnreachable,

    /// <summary>There is no route, no address of our own yet, or routers said so.</summary>
    NetworkUnreachable,

    /// <summary>The port asked for is in use, or none is free.</summary>
    AddressInUse,

    /// <summary>There are as many connections as there may be.</summary>
    TableFull,
}

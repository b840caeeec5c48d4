using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>How the application's side of a connection behaves.</summary>
public sealed record TcpApplicationOptions
{
    /// <summary>Where the application's reads and flushes resume.</summary>
    public PipeScheduler Scheduler { get; init; } = PipeScheduler.ThreadPool;

    /// <summary>Whether the application resumes in turns of an actor instead of on <see cref="Scheduler"/> (<see cref="TurnPipeScheduler"/>).</summary>
    public bool RunsInTurns { get; init; }

    /// <summary>Whether the application may block in such a turn, or wait in it for what it has begun itself. One that does not has all of its continuations in turns.</summary>
    public bool MayBlock { get; init; }

    /// <summary>Is told in the connection's turn that a listener has one more connection to accept; must not wait.</summary>
    public Action? Arrived { get; init; }

    /// <summary>
    /// What the application gets to see when a connection ends other than by both sides closing it. A reader that is failed by an exception loses what it has not
    /// read; with null it reads that, then the end, and <see cref="TcpConnection.EndReason"/> says why.
    /// </summary>
    public Func<TcpCloseReason, Exception?> CreateException { get; init; } = static reason => new TcpConnectionException(reason);
}

/// <summary>
/// Opens a listener on a port of an address, of all of IPv4's ("0.0.0.0") or of all of both versions ("::"); port 0 picks one. Answered with null when
/// another listener would get some of the same connections.
/// </summary>
public sealed record TcpListenRequest(IpEndPoint Local, TcpApplicationOptions Options, Reply<TcpListener?> Reply)
{
    /// <summary>Connections that may be half-open or not yet accepted, at most <see cref="TcpConfiguration.Backlog"/>; null for that.</summary>
    public int? Backlog { get; init; }

    /// <summary>Whether "::" stands for IPv6's addresses only.</summary>
    public bool IsIpv6Only { get; init; }
}

/// <summary>Connects to a remote end point. Answered with the connection, or failed with a <see cref="TcpConnectionException"/>.</summary>
public sealed record TcpConnectRequest(IpEndPoint Remote, TcpApplicationOptions Options, Reply<TcpConnection> Reply)
{
    /// <summary>The own end; what is 0 in it is picked.</summary>
    public IpEndPoint Local { get; init; }
}

/// <summary>A connection's last words to the demultiplexer; in TIME-WAIT, with all that is needed to answer old segments.</summary>
public sealed record TcpConnectionEnd(TcpConnectionKey Key, TcpTimeWait? TimeWait);

/// <summary>What is left of a connection in TIME-WAIT.</summary>
/// <param name="SendNext">SND.NXT.</param>
/// <param name="ReceiveNext">RCV.NXT.</param>
/// <param name="Window">The last window field.</param>
/// <param name="RecentTimestamp">TS.Recent (RFC 7323); null if the connection had no timestamps.</param>
/// <param name="TimestampOffset">What its own timestamps add to the clock.</param>
public readonly record struct TcpTimeWait(
    SequenceNumber SendNext, SequenceNumber ReceiveNext, ushort Window, uint? RecentTimestamp = null, uint TimestampOffset = 0);

/// <summary>Asks what connections, listeners and closed connections there are.</summary>
public sealed record TcpListRequest(Reply<TcpListing> Reply);

/// <summary>Asks a connection for its line of a listing.</summary>
public sealed record TcpStatusRequest(Reply<TcpConnectionStatus> Reply);

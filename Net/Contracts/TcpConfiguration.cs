using System.Buffers;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>What sets a congestion window.</summary>
public enum TcpCongestionControl
{
    /// <summary>RFC 9438.</summary>
    Cubic,

    /// <summary>RFC 5681.</summary>
    NewReno,
}

/// <summary>When explicit congestion notification is used.</summary>
public enum TcpCongestionNotification
{
    /// <summary>Never.</summary>
    Off,

    /// <summary>When the peer asks for it in its SYN.</summary>
    WhenAsked,

    /// <summary>Then, and asked for in our own.</summary>
    Always,
}

/// <summary>The limits and times of TCP. Every table and queue is bounded by one of these.</summary>
public sealed record TcpConfiguration
{
    /// <summary>Octets received but not yet read by the application; the window is what is left of it.</summary>
    public int ReceiveBuffer { get; init; } = 256 * 1024;

    /// <summary>How far the receive buffer grows with what the application reads; the window's scale is chosen for this. Not above the other: it stays.</summary>
    public int MaximumReceiveBuffer { get; init; } = 4 * 1024 * 1024;

    /// <summary>Octets written by the application but not yet acknowledged; whoever has written as many waits until half of them are acknowledged.</summary>
    public int SendBuffer { get; init; } = 1024 * 1024;

    /// <summary>How far the send buffer grows with the congestion window, and how much an application may choose. Not above the other: it stays.</summary>
    public int MaximumSendBuffer { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// Octets that all connections together hold in the buffers of both directions. Then a connection may write no more than <see cref="BufferShare"/> ahead, and
    /// what arrives beyond that is dropped until the application reads.
    /// </summary>
    public long TotalBuffers { get; init; } = 32 * 1024 * 1024;

    /// <summary>Octets that each connection may hold in each direction, whatever the others do.</summary>
    public int BufferShare { get; init; } = 16 * 1024;

    /// <summary>The largest segment to announce: Ethernet's 1500 octets less the two headers of IPv4 (RFC 9293 3.7.1); with IPv6 it is 20 less.</summary>
    public int MaximumSegmentSize { get; init; } = 1460;

    /// <summary>Segments one connection may have sent and not yet acknowledged.</summary>
    public int SentSegments { get; init; } = 8192;

    /// <summary>Whether timestamps are offered and taken (RFC 7323).</summary>
    public bool Timestamps { get; init; } = true;

    /// <summary>Whether selective acknowledgements are offered and taken (RFC 2018); RACK needs them.</summary>
    public bool SelectiveAcknowledgements { get; init; } = true;

    /// <summary>What sets the congestion window.</summary>
    public TcpCongestionControl CongestionControl { get; init; } = TcpCongestionControl.Cubic;

    /// <summary>Whether routers may mark packets instead of dropping them (RFC 3168).</summary>
    public TcpCongestionNotification CongestionNotification { get; init; } = TcpCongestionNotification.WhenAsked;

    /// <summary>RFC 5681 3.2: duplicate acknowledgements that mean a loss, with peers without selective ones.</summary>
    public int DuplicateThreshold { get; init; } = 3;

    /// <summary>A router cannot make segments smaller than this; Linux's minimum of 552 octets less the two headers.</summary>
    public int MinimumPathSegmentSize { get; init; } = 512;

    /// <summary>RFC 1191 6.3: after how long larger segments are tried again.</summary>
    public TimeSpan PathRaiseInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Runs of octets out of order, with holes between them, that one connection keeps. How many octets they have is bounded by its receive buffer.</summary>
    public int OutOfOrderRanges { get; init; } = 256;

    /// <summary>Octets of memory in which all connections together keep what is out of order.</summary>
    public int TotalOutOfOrderOctets { get; init; } = 16 * 1024 * 1024;

    /// <summary>Connections, half-open ones included.</summary>
    public int Connections { get; init; } = 65_536;

    /// <summary>Connections of one listener that are half-open or not yet accepted.</summary>
    public int Backlog { get; init; } = 1024;

    /// <summary>Connections of one listener that are half-open, each with its actor; beyond that a SYN costs nothing but an answer.</summary>
    public int HalfOpenConnections { get; init; } = 256;

    /// <summary>Whether SYNs beyond that are answered by cookies (RFC 4987 3.6) or dropped.</summary>
    public bool SynCookies { get; init; } = true;

    /// <summary>Closed connections whose old segments are waited out.</summary>
    public int TimeWaitConnections { get; init; } = 16_384;

    /// <summary>2 MSL. RFC 9293 says 4 minutes; this is what Linux waits.</summary>
    public TimeSpan TimeWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a fully closed connection waits for the peer's FIN.</summary>
    public TimeSpan FinWait2Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>RFC 6298 2.1.</summary>
    public TimeSpan InitialRetransmissionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>RFC 6298 2.4 says one second; like Linux, this is lower.</summary>
    public TimeSpan MinimumRetransmissionTimeout { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>RFC 6298 2.5: at least 60 seconds.</summary>
    public TimeSpan MaximumRetransmissionTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>RFC 9293 3.8.3, R2 for a SYN: retransmissions before giving up.</summary>
    public int SynRetransmissions { get; init; } = 6;

    /// <summary>RFC 9293 3.8.3, R2: retransmissions before giving up, at least 100 seconds' worth.</summary>
    public int Retransmissions { get; init; } = 15;

    /// <summary>RFC 9293 3.8.6.3: less than half a second.</summary>
    public TimeSpan DelayedAcknowledgement { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Full segments acknowledged one by one at the beginning and after a pause, while the peer's window grows by acknowledgements.</summary>
    public int QuickAcknowledgements { get; init; } = 16;

    /// <summary>Whether connections send keep-alives unless their settings say otherwise (RFC 9293 3.8.4: off by default).</summary>
    public bool KeepAlive { get; init; }

    /// <summary>RFC 9293 3.8.4: at least two hours by default.</summary>
    public TimeSpan KeepAliveTime { get; init; } = TimeSpan.FromHours(2);

    /// <summary>Between keep-alives that are not answered.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>Keep-alives not answered before a connection counts as dead.</summary>
    public int KeepAliveProbes { get; init; } = 9;

    /// <summary>How long octets may wait for their acknowledgement (RFC 5482); zero: <see cref="Retransmissions"/> decides.</summary>
    public TimeSpan UserTimeout { get; init; }

    /// <summary>Whether a peer hears of our user timeout (RFC 5482 3.1: ADV_UTO).</summary>
    public bool AnnouncesUserTimeout { get; init; }

    /// <summary>Whether a peer's user timeout prolongs ours (RFC 5482 3.1: CHANGEABLE).</summary>
    public bool AcceptsUserTimeout { get; init; }

    /// <summary>RFC 5482 3.1, L_LIMIT: what a peer can at least ask for.</summary>
    public TimeSpan MinimumUserTimeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>RFC 5482 3.1, U_LIMIT: what a peer can at most ask for.</summary>
    public TimeSpan MaximumUserTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Whether small segments leave at once (no Nagle, RFC 9293 3.7.4).</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>RFC 6928: segments of the first flight.</summary>
    public int InitialWindowSegments { get; init; } = 10;

    /// <summary>RFC 5961 10: challenge acknowledgements a second, per connection.</summary>
    public int ChallengeAcknowledgementsPerSecond { get; init; } = 10;

    /// <summary>Resets a second in answer to segments of no connection.</summary>
    public int ResetsPerSecond { get; init; } = 200;

    /// <summary>Messages a connection's mailbox holds.</summary>
    public int ConnectionMailbox { get; init; } = 256;

    /// <summary>
    /// Where blocks for the connections' byte streams come from, up to <see cref="StreamMemoryPool.LargeBlockSize"/> octets each. Any thread calls it, and while a stream is locked.
    /// </summary>
    public MemoryPool<byte> StreamMemory { get; init; } = StreamMemoryPool.Instance;

    /// <summary>The largest segment to announce to an address: IPv6's header takes 20 octets more (RFC 9293 3.7.1).</summary>
    public int SegmentSizeFor(IpAddress remote) => MaximumSegmentSize - (remote.IsIpv4 ? 0 : 20);

    /// <summary>The same over a link that takes packets of so many octets at most: it is never more than fits one (RFC 9293 3.7.1).</summary>
    public int SegmentSizeFor(IpAddress remote, int maximumTransmissionUnit) =>
        Math.Min(SegmentSizeFor(remote), maximumTransmissionUnit - (remote.IsIpv4 ? 20 : 40) - 20);

    /// <summary>The shift of our window field: the smallest with which the largest receive buffer fits 16 bits (RFC 7323 2).</summary>
    public byte WindowScale
    {
        get
        {
            byte scale = 0;
            while (scale < TcpOptions.MaximumWindowScale && Math.Max(ReceiveBuffer, MaximumReceiveBuffer) >> scale > ushort.MaxValue)
                scale++;
            return scale;
        }
    }
}

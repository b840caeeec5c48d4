namespace Troupe.Net.Contracts;

/// <summary>The limits and times of TCP. Every table and queue is bounded by one of these.</summary>
public sealed record TcpConfiguration
{
    /// <summary>Octets received but not yet read by the application; the window is what is left of it.</summary>
    public int ReceiveBuffer { get; init; } = 256 * 1024;

    /// <summary>Octets written by the application but not yet acknowledged.</summary>
    public int SendBuffer { get; init; } = 256 * 1024;

    /// <summary>The largest segment to announce: Ethernet's 1500 octets less the two headers (RFC 9293 3.7.1).</summary>
    public int MaximumSegmentSize { get; init; } = 1460;

    /// <summary>Segments kept out of order by one connection.</summary>
    public int OutOfOrderSegments { get; init; } = 256;

    /// <summary>Segments kept out of order by all connections together; they hold receive buffers of the device.</summary>
    public int TotalOutOfOrderSegments { get; init; } = 512;

    /// <summary>Connections, half-open ones included.</summary>
    public int Connections { get; init; } = 65_536;

    /// <summary>Connections of one listener that are half-open or not yet accepted.</summary>
    public int Backlog { get; init; } = 1024;

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

    /// <summary>The shift of our window field: the smallest with which the receive buffer fits 16 bits (RFC 7323 2).</summary>
    public byte WindowScale
    {
        get
        {
            byte scale = 0;
            while (scale < Wire.TcpOptions.MaximumWindowScale && ReceiveBuffer >> scale > ushort.MaxValue)
                scale++;
            return scale;
        }
    }
}

namespace Troupe.Net.Contracts;

/// <summary>One line of a listing of connections. Sizes are octets.</summary>
/// <param name="Key">Which connection it is.</param>
/// <param name="State">Its state.</param>
/// <param name="RoundTripTime">SRTT; null before the first measurement.</param>
/// <param name="RoundTripTimeVariation">RTTVAR.</param>
/// <param name="RetransmissionTimeout">RTO, with its back-off.</param>
/// <param name="CongestionWindow">cwnd.</param>
/// <param name="SlowStartThreshold">ssthresh; <see cref="int.MaxValue"/> before the first congestion.</param>
/// <param name="Outstanding">Sent and not acknowledged.</param>
/// <param name="Waiting">Written and not sent.</param>
/// <param name="SendWindow">What the peer allows.</param>
/// <param name="Unread">Received and not read by the application.</param>
/// <param name="ReceiveWindow">What the peer may send.</param>
/// <param name="OutOfOrder">Octets held that came too early.</param>
/// <param name="SegmentSize">What a full segment carries.</param>
/// <param name="Retransmissions">Segments sent again.</param>
public readonly record struct TcpConnectionStatus(
    TcpConnectionKey Key, TcpState State, TimeSpan? RoundTripTime, TimeSpan RoundTripTimeVariation, TimeSpan RetransmissionTimeout, int CongestionWindow,
    int SlowStartThreshold, int Outstanding, int Waiting, int SendWindow, int Unread, int ReceiveWindow, int OutOfOrder, int SegmentSize, long Retransmissions);

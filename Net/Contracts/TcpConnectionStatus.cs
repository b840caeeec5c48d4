namespace Troupe.Net.Contracts;

/// <summary>One line of a listing of connections.</summary>
public readonly record struct TcpConnectionStatus(
    TcpConnectionKey Key, TcpState State, TimeSpan? RoundTripTime, TimeSpan RetransmissionTimeout, int CongestionWindow,
    int Outstanding, int SendWindow, int Unread, int ReceiveWindow, int OutOfOrder);

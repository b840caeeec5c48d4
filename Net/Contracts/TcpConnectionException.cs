namespace Troupe.Net.Contracts;

/// <summary>A connection ended other than by both sides closing it.</summary>
public sealed class TcpConnectionException(TcpCloseReason reason) : IOException($"TCP connection: {reason}.")
{
    /// <summary>How it ended.</summary>
    public TcpCloseReason Reason { get; } = reason;
}

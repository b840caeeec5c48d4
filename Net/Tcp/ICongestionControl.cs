// RFC 5681: what every congestion control answers to. Which segments are lost, and when to send them again, is decided elsewhere.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>What told of congestion.</summary>
public enum CongestionSignal
{
    /// <summary>A segment was lost.</summary>
    Loss,

    /// <summary>A router marked a packet (RFC 3168).</summary>
    Notification,
}

/// <summary>New data was acknowledged.</summary>
/// <param name="Octets">How much.</param>
/// <param name="Acknowledged">SND.UNA after it.</param>
/// <param name="SendNext">SND.NXT.</param>
/// <param name="Now">The clock.</param>
/// <param name="RoundTrip">A measurement, if it gave one.</param>
/// <param name="IsWindowLimited">Whether the window was what kept the sender from sending more; else it says nothing about the path (RFC 7661).</param>
public readonly record struct CongestionSample(
    int Octets, SequenceNumber Acknowledged, SequenceNumber SendNext, TimeSpan Now, TimeSpan? RoundTrip, bool IsWindowLimited);

/// <summary>How much may be in flight. All sizes are octets.</summary>
public interface ICongestionControl
{
    /// <summary>cwnd.</summary>
    int Window { get; }

    /// <summary>ssthresh.</summary>
    int SlowStartThreshold { get; }

    /// <summary>The handshake settled the segment size; a SYN that was lost makes the first window one segment (RFC 5681 3.1).</summary>
    void Begin(int segmentSize, bool synLost);

    /// <summary>The path takes another size from now on.</summary>
    void SetSegmentSize(int segmentSize);

    /// <summary>New data was acknowledged outside of fast recovery.</summary>
    void Acknowledged(in CongestionSample sample);

    /// <summary>The path is congested: sets threshold and window; at most once for one window of data.</summary>
    void CongestionEvent(int outstanding, TimeSpan now, CongestionSignal signal);

    /// <summary>The retransmission timer expired; <paramref name="first"/> unless it had for the same segment.</summary>
    void TimedOut(int outstanding, TimeSpan now, bool first);

    /// <summary>The last event or timeout was a false alarm (RFC 4015).</summary>
    void Undo();

    /// <summary>RFC 5681 4.1: nothing was sent for longer than a retransmission timeout.</summary>
    void RestartAfterIdle(TimeSpan now);
}

// RFC 5681: what every congestion control answers to.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>How much may be outstanding, and what to make of acknowledgements and losses.</summary>
public interface ICongestionControl
{
    /// <summary>cwnd, with what duplicate acknowledgements lend to it.</summary>
    int Window { get; }

    /// <summary>ssthresh.</summary>
    int SlowStartThreshold { get; }

    /// <summary>Whether a fast retransmission is being recovered from.</summary>
    bool InRecovery { get; }

    /// <summary>The handshake settled the segment size.</summary>
    void Begin(int segmentSize, SequenceNumber initialSend);

    /// <summary>New data was acknowledged; true when the first unacknowledged segment is to be sent again.</summary>
    bool Acknowledge(int octets, SequenceNumber acknowledged, int inFlight);

    /// <summary>A duplicate acknowledgement arrived; true when the first unacknowledged segment is to be sent again.</summary>
    bool Duplicate(SequenceNumber acknowledged, SequenceNumber sendMaximum, int inFlight);

    /// <summary>The retransmission timer expired.</summary>
    void TimeOut(SequenceNumber sendMaximum, int inFlight, bool first);

    /// <summary>RFC 5681 4.1: nothing was sent for longer than a retransmission timeout.</summary>
    void RestartAfterIdle();
}

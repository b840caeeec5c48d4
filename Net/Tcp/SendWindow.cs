// RFC 9293 3.3.1 and 3.8.6: the send sequence variables and the peer's window.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>What was sent, what was acknowledged and what the peer allows.</summary>
public sealed class SendWindow
{
    private SequenceNumber _lastUpdateSequence;
    private SequenceNumber _lastUpdateAcknowledgement;

    /// <summary>ISS.</summary>
    public SequenceNumber Initial { get; private set; }

    /// <summary>SND.UNA: the oldest octet not acknowledged.</summary>
    public SequenceNumber Unacknowledged { get; private set; }

    /// <summary>SND.NXT: the next octet to send for the first time. Retransmissions do not move it.</summary>
    public SequenceNumber Next { get; private set; }

    /// <summary>SND.WND, scaled.</summary>
    public int Window { get; private set; }

    /// <summary>The largest window the peer ever offered.</summary>
    public int MaximumWindow { get; private set; }

    /// <summary>Snd.Wind.Shift (RFC 7323 2.3).</summary>
    public byte Scale { get; set; }

    /// <summary>Octets sent and not acknowledged.</summary>
    public int Outstanding => Next - Unacknowledged;

    /// <summary>Starts at an initial sequence number.</summary>
    public void Begin(SequenceNumber initial)
    {
        Initial = initial;
        Unacknowledged = initial;
        Next = initial;
    }

    /// <summary>New octets were sent.</summary>
    public void Advance(int octets) => Next += octets;

    /// <summary>The peer acknowledged up to here.</summary>
    public void Acknowledge(SequenceNumber acknowledgement) => Unacknowledged = acknowledgement;

    /// <summary>RFC 5961 5.2: an acknowledgement in the range a correct peer can send.</summary>
    public bool IsPlausible(SequenceNumber acknowledgement) =>
        acknowledgement <= Next && acknowledgement - Unacknowledged >= -MaximumWindow;

    /// <summary>RFC 9293 3.10.7.4: takes the segment's window unless the segment is older than the one last taken from.</summary>
    public void Update(in TcpHeader header)
    {
        if (!(_lastUpdateSequence < header.Sequence ||
              (_lastUpdateSequence == header.Sequence && _lastUpdateAcknowledgement <= header.Acknowledgement)))
            return;
        Set(header, Scale);
    }

    /// <summary>Takes the window of the peer's SYN, which is never scaled (RFC 7323 2.2), or the first after it.</summary>
    public void Set(in TcpHeader header, byte scale)
    {
        Window = header.Window << scale;
        MaximumWindow = Math.Max(MaximumWindow, Window);
        _lastUpdateSequence = header.Sequence;
        _lastUpdateAcknowledgement = header.Acknowledgement;
    }
}

// RFC 9293 3.3.1, 3.4 and 3.8.6.2.2: the receive sequence variables, acceptability, and silly-window avoidance.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>What has arrived in order and what the peer was allowed to send. The right edge never moves left.</summary>
public sealed class ReceiveWindow(int buffer)
{
    private int _segmentSize = 536;
    private int _buffer = buffer;

    /// <summary>IRS.</summary>
    public SequenceNumber Initial { get; private set; }

    /// <summary>RCV.NXT: the next octet expected.</summary>
    public SequenceNumber Next { get; private set; }

    /// <summary>RCV.NXT + RCV.WND as last announced: the first octet the peer may not send.</summary>
    public SequenceNumber RightEdge { get; private set; }

    /// <summary>Rcv.Wind.Shift (RFC 7323 2.3).</summary>
    public byte Scale { get; set; }

    /// <summary>RCV.WND.</summary>
    public int Window => Math.Max(0, RightEdge - Next);

    /// <summary>Octets there is room for.</summary>
    public int Buffer => _buffer;

    /// <summary>Starts behind the peer's SYN.</summary>
    public void Begin(SequenceNumber initial)
    {
        Initial = initial;
        Next = initial + 1;
        RightEdge = Next;
    }

    /// <summary>The handshake settled the segment size.</summary>
    public void SetSegmentSize(int octets) => _segmentSize = octets;

    /// <summary>
    /// Changes the room. What was announced stays announced: with less room than that the edge stays where it is until the peer has filled it.
    /// </summary>
    public void Resize(int octets) => _buffer = octets;

    /// <summary>Octets arrived in order.</summary>
    public void Advance(int octets) => Next += octets;

    /// <summary>
    /// RFC 9293 3.4's four cases. An empty segment may stand at the right edge too, not only when the window is shut: that
    /// is where a peer is that filled the window and has a segment lost, and its acknowledgement must count.
    /// </summary>
    public bool IsAcceptable(SequenceNumber sequence, int length)
    {
        int window = Window;
        if (length == 0)
            return sequence == Next || Contains(sequence, window + 1);
        return window > 0 && (Contains(sequence, window) || Contains(sequence + (length - 1), window));
    }

    /// <summary>Whether all of a segment has arrived before, not longer ago than the buffer is large.</summary>
    public bool IsBefore(SequenceNumber sequence, int length) => Next - sequence is var distance && distance > 0 && distance >= length && distance <= _buffer;

    /// <summary>Whether opening the window is worth a segment of its own. More than the field can say is no news.</summary>
    public bool ShouldAnnounce(int unread) => Math.Min(_buffer - unread, ushort.MaxValue << Scale) - Window >= Math.Min(_buffer / 2, 2 * _segmentSize);

    /// <summary>The window field of a segment about to be sent; the edge moves only in steps worth sending into.</summary>
    public ushort Announce(int unread, bool scaled)
    {
        SequenceNumber edge = Next + Math.Max(0, _buffer - unread);
        if (edge - RightEdge >= Math.Min(_buffer / 2, _segmentSize))
            RightEdge = edge;
        int window = Window;
        if (scaled)
            return (ushort)Math.Min(window >> Scale, ushort.MaxValue);

        // An unscaled window promises less than the edge; nothing was promised beyond it.
        window = Math.Min(window, ushort.MaxValue);
        RightEdge = Next + window;
        return (ushort)window;
    }

    private bool Contains(SequenceNumber sequence, int window) => sequence - Next is var distance && distance >= 0 && distance < window;
}

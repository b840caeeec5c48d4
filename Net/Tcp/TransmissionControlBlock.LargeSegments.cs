// Segmentation offload: segments that follow one another leave as one, which the device cuts. What is in flight, lost or acknowledged is kept by
// segment as ever; only their way down is shared.
using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    // A packet of IP, less its header of either version, with room for options of IPv4.
    private const int LargestSegment = ushort.MaxValue - 60;

    private FrameBuffer _large;
    private SequenceNumber _largeStart;
    private int _largeLength;
    private int _largeSegmentSize;
    private bool _largeHasFin;

    private FrameOffloadFlags LargeSegments => Key.Remote.Address.IsIpv4 ? FrameOffloadFlags.SegmentsIpv4 : FrameOffloadFlags.SegmentsIpv6;

    // Answers whether the segment is part of the large one from now on; all before it are of full size.
    private bool TryAddToLarge(SequenceNumber from, int length, bool fin)
    {
        bool isFull = length == SegmentSize;
        if (_large.IsNone && !(isFull && !fin && MayBeginLarge()))
            return false;
        if (!_large.IsNone && (length == 0 || length > _largeSegmentSize || from != _largeStart + _largeLength
            || _largeLength + length > LargestSegment - TcpHeader.MaximumLength))
        {
            FlushLarge();
            return TryAddToLarge(from, length, fin);
        }

        if (_large.IsNone && !TryBeginLarge(from, length))
            return false;
        if (!TryFill(from, length))
            return false;
        _largeLength += length;
        _largeHasFin |= fin;
        if (fin || length < _largeSegmentSize)
            FlushLarge();
        return true;
    }

    // What stands in the header of the first only (CWR), or says something once (a duplicate), is for a segment of its own. RFC 3168 6.1.2.
    private bool MayBeginLarge() =>
        (_owner.TransmitOffload & LargeSegments) != 0 && !_announceReduction && SackToReport(SackRoom).Count == 0
        // A segment alone has no use for it.
        && _sendQueue.End - _send.Next > SegmentSize;

    private bool TryBeginLarge(SequenceNumber from, int segmentSize)
    {
        if (!_owner.TryRent(out FrameBuffer frame))
            return false;
        frame.Append(TcpHeader.MinimumLength + SegmentOptions(segmentSize).Length);
        _large = frame;
        _largeStart = from;
        _largeLength = 0;
        _largeSegmentSize = segmentSize;
        _largeHasFin = false;
        return true;
    }

    private bool TryFill(SequenceNumber from, int length)
    {
        int first = Math.Min(length, _large.LastTailroom);
        if (first < length)
        {
            // A buffer takes more than a segment, so one more is enough.
            if (!_owner.TryRent(out FrameBuffer next))
                return false;
            next.Reset(headroom: 0);
            _sendQueue.CopyTo(from, _large.AppendToLast(first));
            _sendQueue.CopyTo(from + first, next.Append(length - first));
            _large.Attach(next);
            return true;
        }

        _sendQueue.CopyTo(from, _large.AppendToLast(length));
        return true;
    }

    private void FlushLarge()
    {
        if (_large.IsNone)
            return;
        FrameBuffer frame = _large;
        _large = default;
        if (_largeLength == 0)
        {
            frame.Dispose();
            return;
        }

        TcpFlags flags = TcpFlags.Ack;
        if (_largeHasFin)
            flags |= TcpFlags.Fin;
        if (_largeStart + _largeLength == _sendQueue.End)
            flags |= TcpFlags.Psh;
        TcpOptions options = new() { Timestamps = _timestamps.IsOn ? _timestamps.Option(_now, acknowledges: true) : null };
        TcpHeader header = Header(flags, _largeStart, options);
        header.WriteIncomplete(frame.Data[..header.Length], header.Length + _largeLength, Key.Local.Address, Key.Remote.Address);
        FrameOffloadFlags needs = FrameOffloadFlags.NeedsChecksum;
        if (_largeLength > _largeSegmentSize)
            needs |= LargeSegments;
        frame.SetOffload(new(needs, 0, TcpHeader.ChecksumOffset, (ushort)header.Length, (ushort)_largeSegmentSize));
        Sent(header, _largeLength);
        _owner.Transmit(frame, _notifies);
    }
}

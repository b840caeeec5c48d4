// xen/include/public/io/netif.h: netif_tx_request, netif_extra_info and netif_tx_response.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Xen;

/// <summary>Frames to send: judged, into the ring, and back to their pools.</summary>
internal sealed partial class NetFrontQueue
{
    // struct netif_tx_request: grant, offset, flags, id, size. struct netif_tx_response: id, status.
    private const int TransmitEntryLength = 12;
    private const int TransmitOffset = 4, TransmitFlags = 6, TransmitId = 8, TransmitSize = 10;
    private const int ResponseStatus = 2;
    private const ushort TransmitChecksumBlank = 1, TransmitDataValidated = 2, TransmitMoreData = 4, TransmitExtraInfo = 8;

    // struct netif_extra_info: type, flags, and for segmentation: size, type, padding, features. All of them fit into what a ring's entry has in any case.
    private const ushort ExtraSegmentation = 1;
    private const int ExtraSize = 2, ExtraSegmentType = 4, ExtraFeatures = 6;
    private const ushort SegmentIpv4 = 1, SegmentIpv6 = 2;

    /// <summary>NETIF_RSP_NULL: the slot had no packet's data.</summary>
    private const short NoResponse = 1;

    /// <summary>XEN_NETIF_NR_SLOTS_MIN: every other half takes so many. Linux drops packets of more, and cuts off who sends many more.</summary>
    private const int MostSlots = 18;

    /// <summary>XEN_NETIF_MAX_TX_SIZE, the Ethernet header included.</summary>
    private const int LongestSegmentedFrame = 0xFFFF;

    private readonly PacketsInFlight _sending;
    private readonly TransmitQueue _waiting;
    private FrameOffloadFlags _transmitOffload;
    private int _mostPieces = 1;
    private int _extrasInFlight;

    /// <inheritdoc/>
    public void Transmit(FrameBatch batch)
    {
        _waiting.Add(batch, _isRunning);
        PumpTransmit();
    }

    /// <inheritdoc/>
    public bool IsSendable([Borrowed] FrameBuffer frame) => FrameTransmission.IsSendable(frame, _transmitOffload, LongestFrame, LongestSegmentedFrame, _mostPieces);

    /// <inheritdoc/>
    public bool IsWithinReach([Borrowed] FrameBuffer frame) => frame.PieceCount <= _mostPieces && FrameTransmission.IsWithinReach(frame, _frames.Transmit, _frames.Receive);

    /// <inheritdoc/>
    public void Prepare([Borrowed] FrameBuffer frame)
    {
        // What the other half wants to know goes into the ring.
    }

    /// <summary>Takes back what was sent, fills the ring with what waits, notifies, and asks for an event if one is needed.</summary>
    private void PumpTransmit()
    {
        if (!_isRunning)
        {
            return;
        }

        while (true)
        {
            Reclaim();
            while (_waiting.TryPeek(out var frame) && SlotsOf(frame) <= _transmit.Size - _transmit.Open)
            {
                _waiting.Remove();
                Post(frame);
            }

            if (_transmit.Publish())
            {
                Notify();
            }

            // So few can stay until the driver is next awake: clients find others to rent, and nobody waits for them.
            if ((_waiting.Count == 0 && _transmit.Open <= _mostLeftover) || _transmit.TryAskForEvent(Math.Max(1, _transmit.Open / 2)))
            {
                return;
            }
        }
    }

    private static int SlotsOf([Borrowed] FrameBuffer frame) => frame.PieceCount + (frame.Offload.IsSegmented ? 1 : 0);

    private void Post(FrameBuffer frame)
    {
        var offload = frame.Offload;
        var isBlank = (offload.Flags & FrameOffloadFlags.NeedsChecksum) != 0;
        var flags = (ushort)((isBlank ? TransmitChecksumBlank | TransmitDataValidated : 0) | (offload.IsSegmented ? TransmitExtraInfo : 0));
        var (total, left) = (frame.TotalLength, frame.PieceCount);
        var pieces = frame.Pieces;
        var packet = _sending.Begin(frame);
        var isFirst = true;
        foreach (var piece in pieces)
        {
            left--;
            var (grant, offset) = _frames.Place(piece.Pool, piece.PoolOffset);
            var entry = _transmit.Make();
            _transmitPage.WriteUInt32(entry, grant);
            _transmitPage.WriteUInt16(entry + TransmitOffset, (ushort)offset);
            _transmitPage.WriteUInt16(entry + TransmitFlags, (ushort)(flags | (left > 0 ? TransmitMoreData : 0)));
            _transmitPage.WriteUInt16(entry + TransmitId, (ushort)_sending.NameSlot(packet));
            // The first slot tells the length of all, the others each its own.
            _transmitPage.WriteUInt16(entry + TransmitSize, (ushort)(isFirst ? total : piece.Length));
            if ((flags & TransmitExtraInfo) != 0)
            {
                PostExtra(in offload);
            }

            flags = 0;
            isFirst = false;
        }
    }

    private void PostExtra(in FrameOffload offload)
    {
        var entry = _transmit.Make();
        _transmitPage.WriteUInt16(entry, ExtraSegmentation);
        _transmitPage.WriteUInt16(entry + ExtraSize, offload.SegmentSize);
        _transmitPage.WriteUInt16(entry + ExtraSegmentType, (offload.Flags & FrameOffloadFlags.SegmentsIpv4) != 0 ? SegmentIpv4 : SegmentIpv6);
        _transmitPage.WriteUInt16(entry + ExtraFeatures, 0);
        _extrasInFlight++;
    }

    private void Reclaim()
    {
        while (_transmit.TryTake(out var entry))
        {
            var id = _transmitPage.ReadUInt16(entry);
            var status = (short)_transmitPage.ReadUInt16(entry + ResponseStatus);
            if (status == NoResponse)
            {
                if (--_extrasInFlight < 0)
                {
                    throw new XenViolationException($"{_name}: a slot without a packet is back, of which none is out.");
                }

                continue;
            }

            if (!_sending.TryEnd(id, out var frame))
            {
                throw new XenViolationException($"{_name}: frame {id} was sent, which is not out.");
            }

            if (!frame.IsNone)
            {
                _counters.CountTransmitted(frame);
                frame.Dispose();
            }
        }
    }
}

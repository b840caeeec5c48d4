// xen/include/public/io/netif.h: netif_rx_request, netif_rx_response and netif_extra_info.
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Xen;

/// <summary>Received packets: out of the ring, judged, and put together where they take several buffers.</summary>
internal sealed partial class NetFrontQueue
{
    // struct netif_rx_request: id, padding, grant. struct netif_rx_response: id, offset, flags, status.
    private const int ReceiveEntryLength = 8;
    /// <summary>The largest power of two that fits into a page, behind the ring's header.</summary>
    private const int ReceiveRingSize = 256;
    private const int ReceiveId = 0, ReceiveGrant = 4;
    private const int ReceiveOffset = 2, ReceiveFlags = 4, ReceiveStatus = 6;
    private const ushort DataValidated = 1, ChecksumBlank = 2, MoreData = 4, ExtraInfo = 8;
    private const int ExtraFlagsShift = 8;
    private const int MoreExtraInfo = 1;

    private const int LongestPacket = FrameTransmission.LongestEthernetHeader + FrameTransmission.LargestPacket;

    /// <summary>The pages of the longest packet, and a slot that says how it is cut.</summary>
    private const int LargestSlotCount = (LongestPacket + PageBytes - 1) / PageBytes + 1;

    /// <summary>By the slot of the ring: an answer comes in the slot of its request, or it could not be told which buffer a slot without data has used.</summary>
    private readonly FrameBuffer[] _receiving;

    /// <summary>The buffers of the packet at hand.</summary>
    private readonly FrameBuffer[] _pieces;

    /// <summary>What the slots of the packet at hand said.</summary>
    private Packet _packet;

    /// <summary>
    /// Whether the other half may hand over packets larger than the link takes, in several buffers: each queue gets enough of them.
    /// </summary>
    public static bool TakesLargePackets(NetFrontOptions options, int queues) => options.Offloads && BuffersOfEach(options, queues) >= 3 * LargestSlotCount;

    /// <summary>Of several queues none may take what the others need: together they have half of the frames, and the other half is on its way through the layers above.</summary>
    private static int BuffersOfEach(NetFrontOptions options, int queues) =>
        queues == 1 ? Math.Min(ReceiveRingSize, options.ReceiveFrameCount) : Math.Clamp(options.ReceiveFrameCount / (2 * queues), 1, ReceiveRingSize);

    private int SlotsOfLargest => _takesLargePackets ? LargestSlotCount : 1;

    /// <summary>
    /// Buffers that stay with the other end whatever the client holds: enough for a packet of the largest kind, or it would wait for more, and with it every packet behind.
    /// </summary>
    private int FewestBuffers => Math.Min(_mostBuffers, (_mostBuffers / 8) + SlotsOfLargest);

    /// <inheritdoc/>
    public bool HasPacket() => _receive.HasResponse;

    /// <inheritdoc/>
    public bool HasRoomForPacket()
    {
        var enough = Math.Min(_mostBuffers, FewestBuffers + SlotsOfLargest);
        while (_receive.Open < enough)
        {
            if (!TryReplace())
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public TakenPacket TakePacket(bool isWanted, out FrameBuffer frame, out int buffers)
    {
        frame = default;
        TakePieces();
        buffers = _packet.Slots;
        var isWellFormed = IsWellFormed;
        if (!isWellFormed || !isWanted)
        {
            DisposePieces();
            return isWellFormed ? TakenPacket.WellFormed : TakenPacket.Malformed;
        }

        frame = PutTogether();
        return TakenPacket.WellFormed;
    }

    private void TakePieces()
    {
        try
        {
            TakeSlots();
        }
        catch (XenViolationException)
        {
            // The slots before the lie are in no ring any more.
            DisposePieces();
            throw;
        }
    }

    /// <summary>Takes the slots of one packet out of the ring, the buffers into <see cref="_pieces"/>. The other end shows a packet when all of its slots are there.</summary>
    private void TakeSlots()
    {
        _packet = default;
        var flags = TakePiece();
        _packet.Flags = flags;
        while ((flags & ExtraInfo) != 0)
        {
            flags = TakeExtra() ? flags : (ushort)(flags & ~ExtraInfo);
        }

        while ((flags & MoreData) != 0)
        {
            flags = TakePiece();
            if ((flags & ExtraInfo) != 0)
            {
                throw new XenViolationException($"{_name}: what is said beside a packet does not follow its first buffer.");
            }
        }
    }

    private int TakeSlot(out FrameBuffer buffer)
    {
        if (!_receive.TryTake(out var entry))
        {
            throw new XenViolationException($"{_name}: a packet of which {_packet.Slots} slots came, and more were to.");
        }

        ref var place = ref _receiving[_receive.SlotOf(entry)];
        buffer = place;
        place = default;
        _packet.Slots++;
        return entry;
    }

    /// <summary>Takes a slot with a buffer of the packet, and answers its flags.</summary>
    private ushort TakePiece()
    {
        ref var piece = ref _pieces[_packet.Pieces];
        var entry = TakeSlot(out piece);
        _packet.Pieces++;
        // Each field is read once: the other end may change it meanwhile.
        var id = _receivePage.ReadUInt16(entry + ReceiveId);
        var offset = _receivePage.ReadUInt16(entry + ReceiveOffset);
        var flags = _receivePage.ReadUInt16(entry + ReceiveFlags);
        var status = (short)_receivePage.ReadUInt16(entry + ReceiveStatus);
        if (id != _receive.SlotOf(entry))
        {
            throw new XenViolationException($"{_name}: buffer {id} in the slot of buffer {_receive.SlotOf(entry)}.");
        }

        if (offset + status > PageBytes || ((flags & (MoreData | ExtraInfo)) != 0 && !_takesLargePackets))
        {
            throw new XenViolationException($"{_name}: {status} bytes from {offset} on, flags {flags:x}.");
        }

        if (status <= 0)
        {
            // An error of the other end, or nothing in the middle of a packet.
            _packet.IsMalformed = true;
            return flags;
        }

        piece.SetLength(offset + status);
        piece.TrimStart(offset);
        _packet.Length += status;
        return flags;
    }

    /// <summary>Takes a slot that says something of the packet. True: another such slot follows.</summary>
    private bool TakeExtra()
    {
        var entry = TakeSlot(out var buffer);
        buffer.Dispose();
        var kind = _receivePage.ReadUInt16(entry);
        var size = _receivePage.ReadUInt16(entry + ExtraSize);
        var segment = (byte)_receivePage.ReadUInt16(entry + ExtraSegmentType);
        if ((byte)kind != ExtraSegmentation || _packet.IsSegmented)
        {
            throw new XenViolationException($"{_name}: said of a packet is {(byte)kind}, which was not asked for.");
        }

        _packet.IsSegmented = true;
        _packet.IsMalformed |= segment is not ((byte)SegmentIpv4 or (byte)SegmentIpv6) || size == 0;
        return ((kind >> ExtraFlagsShift) & MoreExtraInfo) != 0;
    }

    /// <summary>Nobody sums over several buffers what the other end does not vouch for.</summary>
    private bool IsWellFormed => !_packet.IsMalformed && _pieces[0].Length >= EthernetHeaderLength && _packet.Length <= LongestPacket && (_packet.Pieces == 1 || IsVouchedFor);

    /// <summary>Blank: it comes from this very machine, and was never at risk.</summary>
    private bool IsVouchedFor => (_packet.Flags & (DataValidated | ChecksumBlank)) != 0;

    private FrameBuffer PutTogether()
    {
        var frame = _pieces[0];
        _pieces[0] = default;
        frame.SetOffload(new FrameOffload(IsVouchedFor ? FrameOffloadFlags.ChecksumVerified : FrameOffloadFlags.None));
        for (var index = 1; index < _packet.Pieces; index++)
        {
            frame.Attach(_pieces[index]);
            _pieces[index] = default;
        }

        return frame;
    }

    private void DisposePieces()
    {
        foreach (ref var piece in _pieces.AsSpan(0, _packet.Pieces))
        {
            piece.Dispose();
            piece = default;
        }
    }

    private void Refill()
    {
        while (_receive.Open < _mostBuffers)
        {
            if (!TryReplace())
            {
                _counters.ReceiveStarved++;
                return;
            }
        }
    }

    /// <summary>Offers one more buffer; the ring has room.</summary>
    private bool TryReplace()
    {
        if (!_frames.Receive.TryRent(out var frame))
        {
            return false;
        }

        var entry = _receive.Make();
        var slot = _receive.SlotOf(entry);
        _receivePage.WriteUInt32(entry, (uint)slot);
        _receivePage.WriteUInt32(entry + ReceiveGrant, _frames.Place(frame.Pool, frame.PoolOffset).Grant);
        _receiving[slot] = frame;
        return true;
    }

    private void PublishReceive()
    {
        if (_receive.Publish())
        {
            Notify();
        }
    }

    private struct Packet
    {
        public int Pieces, Slots, Length;
        public ushort Flags;
        public bool IsMalformed, IsSegmented;
    }
}

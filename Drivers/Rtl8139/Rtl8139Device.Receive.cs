// Realtek RTL8139C(L)+ data sheet: receive configuration, receive status in the Rx packet header, CAPR and CBR.
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Rtl8139;

/// <summary>
/// Received packets: judged, and copied out of the ring. A packet in the ring is a header (status and length, 16 bits each), the frame and its
/// checksum, and begins at a multiple of 4.
/// </summary>
public sealed partial class Rtl8139Device
{
    private const int RingLength = 32 * 1024;

    /// <summary>The data sheet wants 16 bytes behind the ring's end. With WRAP off the card writes nothing else there.</summary>
    private const int RingMargin = 16;

    /// <summary>
    /// RCR: no FIFO threshold, a ring of 32 KB, bursts as long as the card likes; packets to this card, to groups and to all. Not those that are damaged or too
    /// short. WRAP is off: a packet that reaches the ring's end goes on at its start, not in memory behind it.
    /// </summary>
    private const uint ReceiveConfiguration = (7u << 13) | (2u << 11) | (7u << 8) | AcceptBroadcast | AcceptGroups | AcceptOwn;

    private const uint AcceptBroadcast = 8, AcceptGroups = 4, AcceptOwn = 2;

    private const int PacketHeaderLength = 4;
    private const int ChecksumLength = 4;
    private const int PacketAlignment = 4;

    // Of the header's status. Errors: alignment, checksum, too long, too short, invalid symbol.
    private const uint ReceivedWell = 0x0001, ReceiveErrors = 0x003E;

    /// <summary>The length of a packet that the card is still writing.</summary>
    private const int Unfinished = 0xFFF0;

    /// <summary>CAPR is so many bytes behind what was read.</summary>
    private const int ReadPositionLag = 16;

    private int _position;
    private int _written;

    /// <summary>The next packet's length, its checksum included, when there is one.</summary>
    private int _length;

    /// <summary>The frame that the next packet is copied to, when there is one.</summary>
    private FrameBuffer _room;

    private readonly FrameReception _reception;

    /// <summary>
    /// Whether packets were left in the ring because the layers above hold all frames or batches. No interrupt tells when there is room again, so <see cref="Service"/> has to look.
    /// </summary>
    internal bool IsHeldBack => _reception.IsHeldBack;

    /// <inheritdoc/>
    bool IFrameRings.HasPacket() => TryReadLength(out _length);

    /// <inheritdoc/>
    bool IFrameRings.HasRoomForPacket() => _receiveFrames.TryRent(out _room);

    /// <inheritdoc/>
    TakenPacket IFrameRings.TakePacket(bool isWanted, out FrameBuffer frame, out int buffers)
    {
        buffers = 1;
        frame = _room;
        _room = default;
        var frameLength = _length - ChecksumLength;
        // Anybody on the link can send a longer one; the card takes up to 4 KB.
        var isWellFormed = frameLength <= LongestFrame;
        if (isWellFormed && isWanted)
        {
            CopyOut(frame.Append(frameLength));
        }
        else
        {
            frame.Dispose();
            frame = default;
        }

        Advance(_length);
        return isWellFormed ? TakenPacket.WellFormed : TakenPacket.Malformed;
    }

    /// <summary>The length of the next packet, its checksum included; false if there is none, or not yet all of it.</summary>
    private bool TryReadLength(out int length)
    {
        length = 0;
        if (((Command)_registers.Read8(Register.Command) & Command.RingEmpty) != 0)
        {
            return false;
        }

        // Read once, all of it: the card could change it meanwhile.
        var header = _ring.ReadUInt32Acquire(_position);
        length = (int)(header >> 16);
        if (length == Unfinished)
        {
            return false;
        }

        if ((header & ReceivedWell) == 0 || (header & ReceiveErrors) != 0
            || length < EthernetHeaderLength + ChecksumLength || !HasWritten(PacketHeaderLength + length))
        {
            throw new Rtl8139Exception($"{Name}: a packet of {length} bytes with status 0x{header & 0xFFFF:x4} at {_position}, and the card has written to {_written}.");
        }

        return true;
    }

    /// <summary>Whether the card says of itself that it wrote so much from the next packet on.</summary>
    private bool HasWritten(int count)
    {
        if (Distance(_position, _written) >= count)
        {
            return true;
        }

        _written = _registers.Read16(Register.WritePosition) % RingLength;
        return Distance(_position, _written) >= count;
    }

    private static int Distance(int from, int to) => (to - from + RingLength) % RingLength;

    private void CopyOut(Span<byte> frame)
    {
        var ring = _ring.Memory.Span[..RingLength];
        var start = (_position + PacketHeaderLength) % RingLength;
        var untilEnd = Math.Min(frame.Length, RingLength - start);
        ring.Slice(start, untilEnd).CopyTo(frame);
        ring[..(frame.Length - untilEnd)].CopyTo(frame[untilEnd..]);
    }

    /// <summary>Gives the packet's place back to the card.</summary>
    private void Advance(int length)
    {
        var end = _position + PacketHeaderLength + length;
        _position = (end + PacketAlignment - 1) / PacketAlignment * PacketAlignment % RingLength;
        _registers.Write16(Register.ReadPosition, unchecked((ushort)(_position - ReadPositionLag)));
    }

    /// <summary>After a reset the card begins at the start of the ring.</summary>
    private void AbandonReceive()
    {
        _position = 0;
        _written = 0;
    }
}

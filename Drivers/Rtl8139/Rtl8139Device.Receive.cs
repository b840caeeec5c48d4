// Realtek RTL8139C(L)+ data sheet: receive configuration, receive status in the Rx packet header, CAPR and CBR.
using Troupe.Drivers.Contracts;

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
    private long _receivedFrames, _receivedBytes, _receiveOverflows, _receiveHeldBack;
    private long _receiveDroppedNoClient, _receiveDroppedClientBusy, _receiveDroppedMalformed, _receiveDroppedNoBatch;

    /// <summary>
    /// Whether packets were left in the ring because the layers above hold all frames or batches: those behind them are the card's to drop, which costs no
    /// processor anything. No interrupt tells when there is room again, so <see cref="Service"/> has to look.
    /// </summary>
    internal bool IsHeldBack { get; private set; }

    private int Receive(int budget)
    {
        var taken = 0;
        FrameBatch batch = default;
        IsHeldBack = false;
        try
        {
            while (taken < budget && TryReadLength(out var length) && TryTake(length, ref batch))
            {
                taken++;
                Advance(length);
                if (!batch.IsNone && batch.IsFull)
                {
                    Deliver(batch);
                    batch = default;
                }
            }

            if (!batch.IsNone && batch.Count > 0)
            {
                Deliver(batch);
                batch = default;
            }
        }
        finally
        {
            // Empty, or a lie in the middle: what came before it may be lies as well.
            batch.Dispose();
        }

        return taken;
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

    /// <summary>Takes the packet, or drops and counts it. False: there is no room for it above, so it stays in the ring.</summary>
    private bool TryTake(int length, ref FrameBatch batch)
    {
        var frameLength = length - ChecksumLength;
        if (frameLength > LongestFrame)
        {
            // Anybody on the link can send such; the card takes up to 4 KB.
            _receiveDroppedMalformed++;
            return true;
        }

        if (_client is null)
        {
            _receiveDroppedNoClient++;
            return true;
        }

        if ((batch.IsNone && !_batches.TryRent(out batch)) || !_receiveFrames.TryRent(out var frame))
        {
            IsHeldBack = true;
            _receiveHeldBack++;
            return false;
        }

        CopyOut(frame.Append(frameLength));
        if (!batch.TryAdd(frame))
        {
            _receiveDroppedNoBatch++;
            frame.Dispose();
        }

        return true;
    }

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

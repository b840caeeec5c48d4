// Realtek RTL8139C(L)+ data sheet: transmit status of descriptor (TSD), transmit configuration.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Rtl8139;

/// <summary>Frames to send: judged, copied into one of the card's four buffers in turn, and counted when they are sent.</summary>
public sealed partial class Rtl8139Device
{
    private const int SlotCount = 4;
    private const int SlotLength = 1536;

    /// <summary>Ethernet's least, without the checksum; the card adds none of it.</summary>
    private const int ShortestFrame = 60;

    /// <summary>TCR: the standard's gap between frames, bursts as long as the card likes.</summary>
    private const uint TransmitConfiguration = (3u << 24) | (7u << 8);

    /// <summary>TSD: begin when so many units of 32 bytes are on the card. More than a frame has: so the bus is never too slow for the wire.</summary>
    private const uint WholeFrame = (SlotLength / 32u) << 16;

    // TSD: given up, sent, and too late for the wire.
    private const uint Aborted = 1u << 30, SentWell = 1u << 15, Underrun = 1u << 14;

    private readonly TransmitQueue _waiting;
    private readonly int[] _lengths = new int[SlotCount];
    private int _oldest;
    private int _inFlight;

    /// <summary>Sends every frame of the batch, or drops and counts it, and disposes the batch.</summary>
    internal void Transmit(FrameBatch batch)
    {
        _waiting.Add(batch, IsRunning);
        if (IsRunning)
        {
            PumpTransmit();
            AskForInterrupts();
        }
    }

    /// <inheritdoc/>
    bool IFrameRings.IsSendable([Borrowed] FrameBuffer frame) => FrameTransmission.IsSendable(frame, FrameOffloadFlags.None, LongestFrame, longestSegmented: 0, mostPieces: 1);

    /// <inheritdoc/>
    /// <remarks>It is copied into the card's buffer in any case.</remarks>
    bool IFrameRings.IsWithinReach([Borrowed] FrameBuffer frame) => true;

    /// <inheritdoc/>
    void IFrameRings.Prepare([Borrowed] FrameBuffer frame)
    {
        // The card wants to know the length, which goes into a register.
    }

    /// <summary>Notes what was sent, and hands what waits to the card as far as there are buffers.</summary>
    private void PumpTransmit()
    {
        Reclaim();
        while (_inFlight < SlotCount && _waiting.TryPeek(out var frame))
        {
            _waiting.Remove();
            Post(frame);
            if (_inFlight == SlotCount)
            {
                Reclaim();
            }
        }
    }

    private void Post(FrameBuffer frame)
    {
        var slot = (_oldest + _inFlight) % SlotCount;
        var buffer = _slots.Memory.Span.Slice(slot * SlotLength, SlotLength);
        var length = 0;
        foreach (var piece in frame.Pieces)
        {
            piece.Data.CopyTo(buffer[length..]);
            length += piece.Length;
        }

        frame.Dispose();
        _lengths[slot] = length;
        if (length < ShortestFrame)
        {
            // With zeros: what the buffer held before is nobody else's business.
            buffer[length..ShortestFrame].Clear();
            length = ShortestFrame;
        }

        _inFlight++;
        // The bit that says whose the buffer is (OWN) goes to zero with it: the card's.
        _registers.Write32(Register.TransmitStatus + (slot * sizeof(uint)), WholeFrame | (uint)length);
    }

    private void Reclaim()
    {
        while (_inFlight > 0)
        {
            var status = _registers.Read32(Register.TransmitStatus + (_oldest * sizeof(uint)));
            if ((status & Aborted) != 0)
            {
                // Sixteen collisions, on a link that is shared. The card stops sending then; a reset is one of the ways on, and we have it anyway.
                throw new Rtl8139Exception($"{Name} gave up on a frame (0x{status:x8}).");
            }

            if ((status & (SentWell | Underrun)) == 0)
            {
                return;
            }

            _counters.TransmittedFrames++;
            _counters.TransmittedBytes += _lengths[_oldest];
            _oldest = (_oldest + 1) % SlotCount;
            _inFlight--;
        }
    }

    /// <summary>After a reset the card begins with the first buffer.</summary>
    private void AbandonTransmit()
    {
        _counters.TransmitLostInReset += _inFlight;
        _inFlight = 0;
        _oldest = 0;
        _waiting.Abandon();
    }
}

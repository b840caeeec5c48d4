// VIRTIO 1.2, section 5.1.6.2: packet transmission.
using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioNet;

/// <summary>Frames to send: judged, into the ring, and back to their pools.</summary>
internal sealed partial class QueuePair
{
    /// <summary>Sends every frame of the batch, or drops and counts it, and disposes the batch.</summary>
    internal void Transmit(FrameBatch batch)
    {
        try
        {
            while (batch.TryTake(out var frame))
            {
                Enqueue(frame);
            }
        }
        finally
        {
            batch.Dispose();
        }

        PumpTransmit();
    }

    private void Enqueue(FrameBuffer frame)
    {
        if (!IsRunning || !IsSendable(frame))
        {
            _counters.TransmitDroppedInvalid++;
            frame.Dispose();
            return;
        }

        var offload = frame.Offload;
        if (!IsWithinReach(frame) || frame.Headroom < DeviceHeader.Length)
        {
            if (frame.TotalLength > _frames.Transmit.FrameSize - _frames.Transmit.Headroom || !_frames.Transmit.TryRent(out var copy))
            {
                _counters.TransmitDroppedNoFrame++;
                frame.Dispose();
                return;
            }

            foreach (var piece in frame.Pieces)
            {
                copy.Append(piece.Data);
            }

            copy.SetOffload(offload);
            frame.Dispose();
            frame = copy;
            _counters.TransmitCopied++;
        }

        DeviceHeader.Write(frame.Prepend(DeviceHeader.Length), in offload);
        if (!_waiting.TryEnqueue(frame))
        {
            _counters.TransmitDroppedQueueFull++;
            frame.Dispose();
        }
    }

    /// <summary>Whether the device, with what was agreed upon, can send it. Section 5.1.6.2: who segments completes the checksum too.</summary>
    private bool IsSendable([Borrowed] FrameBuffer frame)
    {
        var offload = frame.Offload;
        var needs = offload.Flags & (FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4 | FrameOffloadFlags.SegmentsIpv6);
        if (frame.Length < EthernetHeaderLength || (needs & ~_transmitOffload) != 0)
        {
            return false;
        }

        if ((needs & FrameOffloadFlags.NeedsChecksum) != 0 && offload.ChecksumStart + offload.ChecksumOffset + sizeof(ushort) > frame.Length)
        {
            return false;
        }

        if (!offload.IsSegmented)
        {
            return frame.TotalLength <= MaximumFrameLength;
        }

        return (needs & FrameOffloadFlags.NeedsChecksum) != 0 && offload.SegmentSize > 0
            && offload.ChecksumStart + offload.HeaderLength <= frame.Length
            && offload.ChecksumStart + offload.HeaderLength + offload.SegmentSize <= MaximumFrameLength
            && frame.TotalLength <= VirtioNetConfiguration.LongestEthernetHeader + LargestPacket
            && frame.PieceCount <= _transmit!.Queue.Size;
    }

    /// <summary>Whether the device reaches the memory of all pieces.</summary>
    private bool IsWithinReach([Borrowed] FrameBuffer frame)
    {
        foreach (var piece in frame.Pieces)
        {
            if (!ReferenceEquals(piece.Pool, _frames.Transmit) && !ReferenceEquals(piece.Pool, _frames.Receive))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes back what was sent, fills the ring with what waits, notifies, and asks for an interrupt if one is needed.</summary>
    private void PumpTransmit()
    {
        if (!IsRunning)
        {
            return;
        }

        var queue = _transmit!.Queue;
        while (true)
        {
            Reclaim();
            while (_waiting.TryPeek(out var frame)
                && _transmit.TryAddPieces(frame, _frames.Transmit, _frames.TransmitMemory, _frames.ReceiveMemory))
            {
                _waiting.Remove();
            }

            queue.Publish();
            var inFlight = queue.BuffersInFlight;
            if (_waiting.Count == 0 && queue.Size - queue.FreeDescriptors <= LargestLeftover)
            {
                // So few that they can stay until the driver is next awake. The pool holds enough others, and nobody waits.
                queue.DisableInterrupts();
                return;
            }

            if (queue.TryEnableInterrupts(inFlight / 2))
            {
                return;
            }
        }
    }

    /// <summary>Sent frames that may stay with the ring while nobody looks: a quarter of what there is, so that clients find frames to rent.</summary>
    private int LargestLeftover => Math.Min(_transmit!.Queue.Size, Math.Min(_options.TransmitFrameCount, _options.ReceiveFrameCount)) / 4;

    private void Reclaim()
    {
        while (_transmit!.TryTake(out var frame, out _))
        {
            _counters.TransmittedFrames++;
            _counters.TransmittedSegmented += frame.Offload.IsSegmented ? 1 : 0;
            _counters.TransmittedBytes += frame.TotalLength - DeviceHeader.Length;
            frame.Dispose();
        }
    }
}

// VIRTIO 1.2, section 5.1.6.2: packet transmission.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.VirtioNet;

/// <summary>Frames to send: judged, into the ring, and back to their pools.</summary>
internal sealed partial class QueuePair
{
    /// <inheritdoc/>
    public void Transmit(FrameBatch batch)
    {
        _waiting.Add(batch, IsRunning);
        PumpTransmit();
    }

    /// <inheritdoc/>
    /// <remarks>Section 5.1.6.2.</remarks>
    public bool IsSendable([Borrowed] FrameBuffer frame) =>
        FrameTransmission.IsSendable(frame, _transmitOffload, MaximumFrameLength, VirtioNetConfiguration.LongestEthernetHeader + LargestPacket, _transmit!.Queue.Size);

    /// <inheritdoc/>
    public bool IsWithinReach([Borrowed] FrameBuffer frame) => FrameTransmission.IsWithinReach(frame, _frames.Transmit, _frames.Receive) && frame.Headroom >= DeviceHeader.Length;

    /// <inheritdoc/>
    public void Prepare([Borrowed] FrameBuffer frame)
    {
        var offload = frame.Offload;
        DeviceHeader.Write(frame.Prepend(DeviceHeader.Length), in offload);
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
            frame.TrimStart(DeviceHeader.Length);
            _counters.CountTransmitted(frame);
            frame.Dispose();
        }
    }
}

// xen/include/public/io/netif.h: netif_tx_request and netif_tx_response. In the driver's turns alone.
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>Frames to send: judged, into the ring, and back to their pools.</summary>
public sealed partial class NetFrontDevice
{
    // struct netif_tx_request: grant, offset, flags, id, size. struct netif_tx_response: id, status.
    private const int TransmitEntryLength = 12;
    private const int TransmitOffset = 4, TransmitFlags = 6, TransmitId = 8, TransmitSize = 10;
    private const ushort TransmitChecksumBlank = 1, TransmitDataValidated = 2;

    private readonly FrameBuffer[] _transmitting;
    private readonly Queue<FrameBuffer> _waiting;
    private int _nextId;
    private long _transmittedFrames, _transmittedBytes, _transmitDroppedInvalid, _transmitDroppedQueueFull, _transmitDroppedNoFrame, _transmitLostInReset, _transmitCopied;

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
        if (!IsRunning || frame.Length < EthernetHeaderLength || frame.TotalLength > LongestFrame
            || (frame.Offload.Flags & (FrameOffloadFlags.SegmentsIpv4 | FrameOffloadFlags.SegmentsIpv6)) != 0
            || (frame.Offload.Flags & FrameOffloadFlags.NeedsChecksum & ~_information!.TransmitOffload) != 0)
        {
            _transmitDroppedInvalid++;
            frame.Dispose();
            return;
        }

        // A frame of several pieces, or of a pool that is not granted, goes as a copy of one.
        if (frame.IsInPieces || (!ReferenceEquals(frame.Pool, _transmitFrames) && !ReferenceEquals(frame.Pool, _receiveFrames)))
        {
            if (!_transmitFrames.TryRent(out var copy))
            {
                _transmitDroppedNoFrame++;
                frame.Dispose();
                return;
            }

            foreach (var piece in frame.Pieces)
            {
                copy.Append(piece.Data);
            }

            copy.SetOffload(frame.Offload);
            frame.Dispose();
            frame = copy;
            _transmitCopied++;
        }

        if (_waiting.Count == _options.TransmitQueueLength)
        {
            _transmitDroppedQueueFull++;
            frame.Dispose();
            return;
        }

        _waiting.Enqueue(frame);
    }

    /// <summary>Takes back what was sent, fills the ring with what waits, notifies, and asks for an event if one is needed.</summary>
    private void PumpTransmit()
    {
        if (!IsRunning)
        {
            return;
        }

        while (true)
        {
            Reclaim();
            while (_transmit.HasRoom && _waiting.TryDequeue(out var frame))
            {
                Post(frame);
            }

            if (_transmit.Publish())
            {
                Notify();
            }

            // So few can stay until the driver is next awake: nobody waits for them.
            if ((_waiting.Count == 0 && _transmit.Open <= _transmit.Size / 4) || _transmit.TryAskForEvent(Math.Max(1, _transmit.Open / 2)))
            {
                return;
            }
        }
    }

    private void Post(FrameBuffer frame)
    {
        // The ring has room, so an id is free.
        while (!_transmitting[_nextId].IsNone)
        {
            _nextId = (_nextId + 1) % _transmitting.Length;
        }

        var grants = ReferenceEquals(frame.Pool, _transmitFrames) ? _transmitGrants : _receiveGrants;
        var place = frame.PoolOffset;
        var isBlank = (frame.Offload.Flags & FrameOffloadFlags.NeedsChecksum) != 0;
        var entry = _transmit.Make();
        _transmitPage.WriteUInt32(entry, grants[place / PageBytes]);
        _transmitPage.WriteUInt16(entry + TransmitOffset, (ushort)(place % PageBytes));
        _transmitPage.WriteUInt16(entry + TransmitFlags, isBlank ? (ushort)(TransmitChecksumBlank | TransmitDataValidated) : (ushort)0);
        _transmitPage.WriteUInt16(entry + TransmitId, (ushort)_nextId);
        _transmitPage.WriteUInt16(entry + TransmitSize, (ushort)frame.Length);
        _transmitting[_nextId] = frame;
    }

    private void Reclaim()
    {
        while (_transmit.TryTake(out var entry))
        {
            var id = _transmitPage.ReadUInt16(entry);
            if (id >= _transmitting.Length || _transmitting[id].IsNone)
            {
                throw new XenViolationException($"{Name}: frame {id} was sent, which is not out.");
            }

            var frame = _transmitting[id];
            _transmitting[id] = default;
            _transmittedFrames++;
            _transmittedBytes += frame.Length;
            frame.Dispose();
        }
    }
}

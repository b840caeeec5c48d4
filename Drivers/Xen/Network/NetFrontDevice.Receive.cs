// xen/include/public/io/netif.h: netif_rx_request and netif_rx_response. In the driver's turns alone.
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>Received frames: out of the ring, judged, and handed on.</summary>
public sealed partial class NetFrontDevice
{
    // struct netif_rx_request: id, padding, grant. struct netif_rx_response: id, offset, flags, status.
    private const int ReceiveEntryLength = 8;
    private const int ReceiveId = 0, ReceiveGrant = 4;
    private const int ReceiveOffset = 2, ReceiveFlags = 4, ReceiveStatus = 6;
    private const ushort DataValidated = 1, ChecksumBlank = 2, MoreData = 4, ExtraInfo = 8;

    private readonly FrameBuffer[] _receiving;
    private long _receivedFrames, _receivedBytes, _receiveDroppedNoClient, _receiveDroppedClientBusy, _receiveDroppedMalformed, _receiveHeldBack;

    private int Receive(int budget)
    {
        var taken = 0;
        FrameBatch batch = default;
        try
        {
            while (taken < budget && HasRoom(ref batch) && _receive.TryTake(out var entry))
            {
                taken++;
                if (!TryReadFrame(entry, out var frame))
                {
                    continue;
                }

                if (!batch.TryAdd(frame))
                {
                    // There is room: a full batch is handed on at once.
                    frame.Dispose();
                }

                if (batch.IsFull)
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
            // Empty, or a violation in the middle: what came before it may be lies as well.
            batch.Dispose();
        }

        return taken;
    }

    /// <summary>Whether a frame may be taken: there is a batch for it. Otherwise it stays in the ring, and those behind it with the other end, which drops them.</summary>
    private bool HasRoom(ref FrameBatch batch)
    {
        IsHeldBack = false;
        if (_client is null || !_receive.HasResponse)
        {
            return _receive.HasResponse;
        }

        IsHeldBack = batch.IsNone && !_batches.TryRent(out batch);
        _receiveHeldBack += IsHeldBack ? 1 : 0;
        return !IsHeldBack;
    }

    private bool TryReadFrame(int entry, out FrameBuffer frame)
    {
        // Each field is read once: the other end may change it meanwhile.
        var id = _receivePage.ReadUInt16(entry + ReceiveId);
        var offset = _receivePage.ReadUInt16(entry + ReceiveOffset);
        var flags = _receivePage.ReadUInt16(entry + ReceiveFlags);
        var status = (short)_receivePage.ReadUInt16(entry + ReceiveStatus);
        if (id >= _receiving.Length || _receiving[id].IsNone)
        {
            throw new XenViolationException($"{Name}: a frame in buffer {id}, which is not out.");
        }

        if (offset + status > PageBytes || (flags & (MoreData | ExtraInfo)) != 0)
        {
            throw new XenViolationException($"{Name}: {status} bytes from {offset} on, flags {flags:x}.");
        }

        frame = _receiving[id];
        _receiving[id] = default;
        if (status < EthernetHeaderLength || _client is null)
        {
            _receiveDroppedMalformed += status < EthernetHeaderLength ? 1 : 0;
            _receiveDroppedNoClient += status < EthernetHeaderLength ? 0 : 1;
            frame.Dispose();
            frame = default;
            return false;
        }

        frame.SetLength(offset + status);
        frame.TrimStart(offset);
        // Blank: it comes from this very machine, and was never at risk.
        frame.SetOffload(new FrameOffload((flags & (DataValidated | ChecksumBlank)) != 0 ? FrameOffloadFlags.ChecksumVerified : FrameOffloadFlags.None));
        return true;
    }

    private void Refill()
    {
        for (var id = 0; id < _receiving.Length && _receive.HasRoom; id++)
        {
            if (!_receiving[id].IsNone)
            {
                continue;
            }

            if (!_receiveFrames.TryRent(out var frame))
            {
                IsHeldBack = true;
                return;
            }

            var entry = _receive.Make();
            _receivePage.WriteUInt32(entry, (uint)id);
            _receivePage.WriteUInt32(entry + ReceiveGrant, _receiveGrants[frame.PoolOffset / PageBytes]);
            _receiving[id] = frame;
        }
    }

    private void PublishReceive()
    {
        if (_receive.Publish())
        {
            Notify();
        }
    }
}

// VIRTIO 1.2, section 5.1.6.3 and 5.1.6.4: setting up receive buffers, and processing of incoming packets.
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>Received packets: out of the ring, judged, and put together where they take several buffers.</summary>
internal sealed partial class QueuePair
{
    /// <summary>The buffers of the packet at hand, as they come out of the ring.</summary>
    private readonly FrameBuffer[] _pieces;

    private bool MergesBuffers => (_features & VirtioNetFeatures.MergedReceiveBuffers) != 0;

    /// <inheritdoc/>
    public bool HasPacket() => _receive!.Queue.HasUsed;

    /// <inheritdoc/>
    public bool HasRoomForPacket()
    {
        var queue = _receive!.Queue;
        var enough = Math.Min(queue.Size, MinimumReceiveBuffers + Math.Max(1, LargestPieceCount));
        while (queue.BuffersInFlight < enough)
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
        if (!TryTakePieces(out buffers, out var length))
        {
            return TakenPacket.None;
        }

        var isWellFormed = IsWellFormed(buffers, length, out var flags);
        if (!isWellFormed || !isWanted)
        {
            RepostPieces(buffers);
            return isWellFormed ? TakenPacket.WellFormed : TakenPacket.Malformed;
        }

        frame = PutTogether(buffers, flags);
        return TakenPacket.WellFormed;
    }

    /// <summary>Takes the buffers of one packet out of the ring, into <see cref="_pieces"/>; the length is that of all of them, the device's header included.</summary>
    private bool TryTakePieces(out int count, out int length)
    {
        count = 0;
        if (!_receive!.TryTake(out var first, out length))
        {
            return false;
        }

        first.SetLength(length);
        _pieces[0] = first;
        count = 1;
        if (!MergesBuffers || length < DeviceHeader.Length)
        {
            return true;
        }

        // The device makes all buffers of a packet used before it shows any of them.
        var expected = DeviceHeader.BufferCount(_pieces[0].Data);
        if (expected < 1 || expected > _receive.Queue.Size)
        {
            DisposePieces(count);
            throw new DeviceViolationException($"{_name}: a packet in {expected} buffers.");
        }

        try
        {
            TakeFollowing(expected, ref count, ref length);
        }
        catch (DeviceViolationException)
        {
            // Also when the queue found the next one to be a lie: those before it are in no ring any more.
            DisposePieces(count);
            throw;
        }

        return true;
    }

    /// <summary>Takes the buffers behind the first out of the ring; whatever is thrown, the count is that of the pieces that are there.</summary>
    private void TakeFollowing(int expected, ref int count, ref int length)
    {
        while (count < expected)
        {
            if (!_receive!.TryTake(out var next, out var written))
            {
                throw new DeviceViolationException($"{_name}: a packet in {expected} buffers, of which {count} came.");
            }

            next.SetLength(written);
            _pieces[count++] = next;
            length += written;
        }
    }

    private bool IsWellFormed(int count, int length, out FrameOffloadFlags flags)
    {
        flags = FrameOffloadFlags.None;
        var first = _pieces[0].Length;
        // The buffer was posted with its header in front and all of its room; what the device wrote is what counts. Of several, only the last may be short;
        // and nobody sums over several what the device does not vouch for.
        return first >= DeviceHeader.Length + EthernetHeaderLength && length <= DeviceHeader.Length + VirtioNetConfiguration.LongestEthernetHeader + LargestPacket
            && DeviceHeader.TryRead(_pieces[0].Data, _features, first - DeviceHeader.Length, out flags)
            && (count == 1 || (flags != FrameOffloadFlags.None && !HasEmptyPiece(count)));
    }

    private bool HasEmptyPiece(int count)
    {
        for (var index = 1; index < count; index++)
        {
            if (_pieces[index].Length == 0)
            {
                return true;
            }
        }

        return false;
    }

    private FrameBuffer PutTogether(int count, FrameOffloadFlags flags)
    {
        var frame = _pieces[0];
        _pieces[0] = default;
        frame.TrimStart(DeviceHeader.Length);
        frame.SetOffload(new FrameOffload(flags));
        for (var index = 1; index < count; index++)
        {
            frame.Attach(_pieces[index]);
            _pieces[index] = default;
        }

        return frame;
    }

    private void RepostPieces(int count)
    {
        for (var index = 0; index < count; index++)
        {
            Repost(_pieces[index]);
            _pieces[index] = default;
        }
    }

    private void DisposePieces(int count)
    {
        for (var index = 0; index < count; index++)
        {
            _pieces[index].Dispose();
            _pieces[index] = default;
        }
    }

    private void Refill()
    {
        while (_receive!.Queue.FreeDescriptors > 0)
        {
            if (!TryReplace())
            {
                _counters.ReceiveStarved++;
                return;
            }
        }
    }

    private bool TryReplace()
    {
        if (!_frames.Receive.TryRent(out var frame))
        {
            return false;
        }

        Repost(frame);
        return true;
    }

    /// <summary>Posts a frame as a receive buffer; there is a descriptor, because the caller just took one back or looked.</summary>
    private void Repost(FrameBuffer frame)
    {
        frame.Reset();
        frame.Prepend(DeviceHeader.Length);
        frame.SetLength(frame.Length + frame.Tailroom);
        if (!_receive!.TryAdd(frame, _frames.ReceiveMemory, isDeviceWritable: true))
        {
            frame.Dispose();
        }
    }
}

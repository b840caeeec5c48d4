using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>A virtqueue whose buffers are frames, each piece in one descriptor: who is in flight, and back out of it.</summary>
internal sealed class FrameRing
{
    private readonly FrameBuffer[] _inFlight;
    private readonly VirtqueueSegment[] _segments;

    public FrameRing(Virtqueue queue)
    {
        Queue = queue;
        _inFlight = new FrameBuffer[queue.Size];
        _segments = new VirtqueueSegment[queue.Size];
    }

    public Virtqueue Queue { get; }

    /// <summary>Hands the frame's data, which lies in <paramref name="memory"/>, to the device; on false the caller still owns it.</summary>
    public bool TryAdd([MovesWhen(true)] FrameBuffer frame, DmaBlock memory, bool isDeviceWritable)
    {
        var segment = new VirtqueueSegment(memory, frame.PoolOffset, frame.Length, isDeviceWritable);
        if (!Queue.TryAdd(new ReadOnlySpan<VirtqueueSegment>(in segment), out var head))
        {
            return false;
        }

        _inFlight[head] = frame;
        return true;
    }

    /// <summary>Hands a frame with all its pieces to the device, to be read; on false the caller still owns it.</summary>
    public bool TryAddPieces([MovesWhen(true)] FrameBuffer frame, FramePool pool, DmaBlock memory, DmaBlock otherMemory)
    {
        var count = 0;
        foreach (var piece in frame.Pieces)
        {
            if (count == _segments.Length)
            {
                return false;
            }

            _segments[count++] = new(ReferenceEquals(piece.Pool, pool) ? memory : otherMemory, piece.PoolOffset, piece.Length, IsDeviceWritable: false);
        }

        if (!Queue.TryAdd(_segments.AsSpan(0, count), out var head))
        {
            return false;
        }

        _inFlight[head] = frame;
        return true;
    }

    /// <summary>Takes back a frame the device is done with, and how many bytes it wrote.</summary>
    public bool TryTake(out FrameBuffer frame, out int written)
    {
        if (!Queue.TryTakeUsed(out var used))
        {
            frame = default;
            written = 0;
            return false;
        }

        frame = _inFlight[used.Head];
        _inFlight[used.Head] = default;
        written = used.Length;
        return true;
    }

    /// <summary>Disposes every frame in flight and says how many. Only after the device was reset.</summary>
    public int Abandon()
    {
        var count = 0;
        for (var head = 0; head < _inFlight.Length; head++)
        {
            if (!_inFlight[head].IsNone)
            {
                _inFlight[head].Dispose();
                _inFlight[head] = default;
                count++;
            }
        }

        return count;
    }
}

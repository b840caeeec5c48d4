using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioConsole;

/// <summary>One of a port's two virtqueues: whose buffers are in flight, and back out of it. Of one start of the device.</summary>
internal sealed class PortRing(Virtqueue queue)
{
    private readonly FrameBuffer[] _inFlight = new FrameBuffer[queue.Size];

    public Virtqueue Queue => queue;

    /// <summary>Hands the buffer's octets, which lie in <paramref name="memory"/>, to the device; on false the caller still owns it.</summary>
    public bool TryAdd([MovesWhen(true)] FrameBuffer buffer, DmaBlock memory, bool isDeviceWritable)
    {
        var segment = new VirtqueueSegment(memory, buffer.PoolOffset, buffer.Length, isDeviceWritable);
        if (!queue.TryAdd(new ReadOnlySpan<VirtqueueSegment>(in segment), out var head))
        {
            return false;
        }

        _inFlight[head] = buffer;
        return true;
    }

    /// <summary>Takes back a buffer that the device is done with, and how many octets it wrote.</summary>
    public bool TryTake(out FrameBuffer buffer, out int written)
    {
        if (!queue.TryTakeUsed(out var used))
        {
            buffer = default;
            written = 0;
            return false;
        }

        buffer = _inFlight[used.Head];
        _inFlight[used.Head] = default;
        written = used.Length;
        return true;
    }

    /// <summary>Octets of the buffers in flight.</summary>
    public long OctetsInFlight
    {
        get
        {
            long octets = 0;
            foreach (var buffer in _inFlight)
            {
                octets += buffer.IsNone ? 0 : buffer.Length;
            }

            return octets;
        }
    }

    /// <summary>Disposes of every buffer in flight and says how many octets they had. Only after the device was reset.</summary>
    public long Abandon()
    {
        long octets = 0;
        for (var head = 0; head < _inFlight.Length; head++)
        {
            if (!_inFlight[head].IsNone)
            {
                octets += _inFlight[head].Length;
                _inFlight[head].Dispose();
                _inFlight[head] = default;
            }
        }

        return octets;
    }
}

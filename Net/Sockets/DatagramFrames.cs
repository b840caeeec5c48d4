// RFC 791 3.2, RFC 8200 4.5: a datagram may have 65,535 octets; what the path does not take at once, the internet layer sends in fragments.
using Troupe.Drivers.Contracts;

namespace Troupe.Net.Sockets;

/// <summary>Frames for datagrams: the device's where they fit, and larger ones, so many, which exist from the first datagram on that wants one.</summary>
internal sealed class DatagramFrames(SocketNetwork network)
{
    private readonly Lazy<FramePool> _large = new(() => FramePool.Create(new FramePoolOptions
    {
        FrameCount = network.LargeDatagrams,
        FrameSize = FramePoolOptions.DefaultHeadroom + ushort.MaxValue + 1,
    }));

    /// <summary>A frame with so many octets, of the device where they fit one of its; false when all are on their way.</summary>
    public bool TryRent(ReadOnlySpan<byte> data, FramePool small, out FrameBuffer frame)
    {
        FramePool pool = data.Length <= small.FrameSize - small.Headroom ? small : _large.Value;
        if (!pool.TryRent(out frame))
            return false;
        frame.Append(data);
        return true;
    }
}

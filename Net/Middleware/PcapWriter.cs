// The libpcap file format (IETF draft-ietf-opsawg-pcap), with nanoseconds.
using System.Buffers.Binary;
using Troupe.Drivers.Contracts;

namespace Troupe.Net.Middleware;

/// <summary>What the frames of a capture begin with (IANA link-layer types).</summary>
public enum PcapLinkType
{
    /// <summary>An Ethernet header: for the edges next to a device.</summary>
    Ethernet = 1,

    /// <summary>An IPv4 or IPv6 header: for the edges above Ethernet, and those to the transports.</summary>
    RawIp = 101,
}

/// <summary>
/// Writes all frames to a stream that Wireshark and tcpdump read, and passes them on. Two edges may share one file's lock by sharing the writer's
/// stream, each through its own <see cref="PcapWriter"/> made by <see cref="Beside"/>.
/// </summary>
public sealed class PcapWriter : FrameStage
{
    private const uint MagicWithNanoseconds = 0xA1B2_3C4D;
    private const uint LongestFrame = 262_144;

    private readonly Stream _stream;
    private readonly DateTimeOffset _start;
    private readonly Lock _gate;

    /// <summary>Begins a capture. The stream stays the caller's, to be closed when the stack has ended.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="linkType">What the frames begin with.</param>
    /// <param name="start">When the clock of the turns was zero.</param>
    public PcapWriter(Stream stream, PcapLinkType linkType, DateTimeOffset start)
        : this(stream, start, new Lock())
    {
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, MagicWithNanoseconds);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], LongestFrame);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], (uint)linkType);
        _stream.Write(header);
    }

    private PcapWriter(Stream stream, DateTimeOffset start, Lock gate)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        _start = start;
        _gate = gate;
    }

    /// <summary>A writer of another edge into the same capture, such as the other direction.</summary>
    public PcapWriter Beside() => new(_stream, _start, _gate);

    /// <inheritdoc/>
    public override void Pass(FrameBatch frames, TimeSpan now, Queue<FrameBatch> onward)
    {
        ArgumentNullException.ThrowIfNull(onward);
        long ticks = (_start + now - DateTimeOffset.UnixEpoch).Ticks;
        lock (_gate)
        {
            for (int index = 0; index < frames.Count; index++)
                Write(frames[index].Data, ticks);
        }

        onward.Enqueue(frames);
    }

    private void Write(ReadOnlySpan<byte> frame, long ticks)
    {
        Span<byte> header = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)(ticks / TimeSpan.TicksPerSecond));
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)(ticks % TimeSpan.TicksPerSecond * 100));
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], (uint)frame.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)frame.Length);
        _stream.Write(header);
        _stream.Write(frame);
    }
}

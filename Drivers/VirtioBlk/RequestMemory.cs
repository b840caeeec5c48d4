// VIRTIO 1.2, section 5.2.6: struct virtio_blk_req and struct virtio_blk_discard_write_zeroes.
using System.Buffers.Binary;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>What stands before and behind the data of each request at the device: header, range of a discard, status. One place per request in flight.</summary>
internal sealed class RequestMemory(DmaBlock memory)
{
    /// <summary>Bytes of a place; a cache line, because the device writes the status while the driver writes other headers.</summary>
    public const int Stride = 64;

    /// <summary>Written by nobody but us, so a device that leaves it has said nothing.</summary>
    public const byte NoStatus = 0xFF;

    public const byte StatusOk = 0;
    public const byte StatusIoError = 1;
    public const byte StatusUnsupported = 2;

    private const int HeaderLength = 16;
    private const int RangeOffset = 16;
    private const int RangeLength = 16;
    private const int StatusOffset = 32;

    /// <summary>Writes the header of a request and a status that the device does not write.</summary>
    public VirtqueueSegment Header(int place, RequestType type, long sector)
    {
        var at = At(place);
        BinaryPrimitives.WriteUInt32LittleEndian(at, (uint)type);
        BinaryPrimitives.WriteUInt32LittleEndian(at[4..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], sector);
        at[StatusOffset] = NoStatus;
        return new VirtqueueSegment(memory, place * Stride, HeaderLength, IsDeviceWritable: false);
    }

    /// <summary>Writes what a discard is about.</summary>
    public VirtqueueSegment Range(int place, long sector, int count)
    {
        var at = At(place)[RangeOffset..];
        BinaryPrimitives.WriteInt64LittleEndian(at, sector);
        BinaryPrimitives.WriteUInt32LittleEndian(at[8..], (uint)count);
        BinaryPrimitives.WriteUInt32LittleEndian(at[12..], 0);
        return new VirtqueueSegment(memory, (place * Stride) + RangeOffset, RangeLength, IsDeviceWritable: false);
    }

    /// <summary>Where the device writes its status.</summary>
    public VirtqueueSegment Status(int place) => new(memory, (place * Stride) + StatusOffset, 1, IsDeviceWritable: true);

    /// <summary>What the device wrote there. Read once, after the ring said that the request is over.</summary>
    public byte ReadStatus(int place) => At(place)[StatusOffset];

    private Span<byte> At(int place) => memory.Memory.Span.Slice(place * Stride, Stride);
}

/// <summary>What a request asks for; the numbers are VIRTIO_BLK_T_*.</summary>
internal enum RequestType : uint
{
    Read = 0,
    Write = 1,
    Flush = 4,
    Discard = 11,
}

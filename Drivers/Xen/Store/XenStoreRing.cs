// xen/include/public/io/xs_wire.h: struct xenstore_domain_interface.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Xen;

/// <summary>The two byte streams of xenstore's page, seen from the guest.</summary>
/// <remarks>The other end may write anything into its indices: a distance that cannot be is a broken ring, and no access leaves the page.</remarks>
internal sealed class XenStoreRing(DmaBlock page)
{
    public const int Size = 1024;

    private const int RequestOffset = 0, ResponseOffset = 1024;
    private const int RequestConsumer = 2048, RequestProducer = 2052, ResponseConsumer = 2056, ResponseProducer = 2060;

    /// <summary>Bytes that went through it, both ways: whether the other end has to be told.</summary>
    public long Transferred { get; private set; }

    /// <summary>Writes as much as there is room for and says how much.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        var producer = page.ReadUInt32(RequestProducer);
        var used = producer - page.ReadUInt32Acquire(RequestConsumer);
        Require(used);
        var count = Math.Min(bytes.Length, Size - (int)used);
        for (var index = 0; index < count; index++)
        {
            page.Memory.Span[RequestOffset + (int)((producer + (uint)index) % Size)] = bytes[index];
        }

        page.WriteUInt32Release(RequestProducer, producer + (uint)count);
        Transferred += count;
        return count;
    }

    /// <summary>Reads what has come and says how much.</summary>
    public int Read(Span<byte> bytes)
    {
        var consumer = page.ReadUInt32(ResponseConsumer);
        var waiting = page.ReadUInt32Acquire(ResponseProducer) - consumer;
        Require(waiting);
        var count = Math.Min(bytes.Length, (int)waiting);
        for (var index = 0; index < count; index++)
        {
            bytes[index] = page.Memory.Span[ResponseOffset + (int)((consumer + (uint)index) % Size)];
        }

        page.WriteUInt32Release(ResponseConsumer, consumer + (uint)count);
        Transferred += count;
        return count;
    }

    private static void Require(uint distance)
    {
        if (distance > Size)
        {
            throw new XenViolationException($"xenstore's ring holds {distance} of {Size} bytes.");
        }
    }
}

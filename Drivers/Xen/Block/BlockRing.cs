// xen/include/public/io/blkif.h: struct blkif_request, blkif_request_discard, blkif_request_indirect, blkif_request_segment and blkif_response, as x86_64 lays them out.
using System.Buffers.Binary;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Xen;

/// <summary>The ring of requests to a Xen disk's other half, and the pages of segments of those requests that have more than fit into the ring.</summary>
/// <param name="page">The ring's page.</param>
/// <param name="segmentPages">A page of segments for each request in flight.</param>
internal sealed class BlockRing(DmaBlock page, DmaBlock segmentPages)
{
    /// <summary>BLKIF_MAX_SEGMENTS_PER_REQUEST: segments of a request in the ring itself.</summary>
    public const int DirectSegments = 11;

    /// <summary>Segments in a page of them; a request of ours has one such page at most.</summary>
    public const int SegmentsPerPage = PageBytes / SegmentLength;

    private const int PageBytes = BlkFrontDevice.PageBytes;
    private const int EntryLength = 112, SegmentLength = 8;

    private const int Operation = 0, Id = 8, Sector = 16;
    private const int SegmentCount = 1, Handle = 2, Segments = 24;
    private const int DiscardCount = 24;
    private const int IndirectOperation = 1, IndirectCount = 2, IndirectHandle = 24, IndirectGrant = 28;
    private const int ResponseOperation = 8, ResponseStatus = 10;

    private readonly SharedRing _ring = new(page, EntryLength);

    /// <summary>Requests that the ring holds.</summary>
    public int Size => _ring.Size;

    /// <summary>Empties it; the other half does not use it yet.</summary>
    public void Initialize() => _ring.Initialize();

    /// <inheritdoc cref="SharedRing.Publish"/>
    public bool Publish() => _ring.Publish();

    /// <inheritdoc cref="SharedRing.TryAskForEvent"/>
    public bool TryAskForEvent() => _ring.TryAskForEvent();

    /// <summary>Adds a flush.</summary>
    public void AddFlush(ulong id, ushort handle)
    {
        var entry = Make(BlockRingOperation.Flush, id, sector: 0);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[Handle..], handle);
    }

    /// <summary>Adds a discard.</summary>
    public void AddDiscard(ulong id, ushort handle, long sector, int count)
    {
        var entry = Make(BlockRingOperation.Discard, id, sector);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[Handle..], handle);
        BinaryPrimitives.WriteInt64LittleEndian(entry[DiscardCount..], count);
    }

    /// <summary>Adds a read or a write of <see cref="DirectSegments"/> at most.</summary>
    public void AddTransfer(BlockRingOperation operation, ulong id, ushort handle, long sector, ReadOnlySpan<BlockRingSegment> segments)
    {
        var entry = Make(operation, id, sector);
        entry[SegmentCount] = (byte)segments.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(entry[Handle..], handle);
        WriteSegments(entry[Segments..], segments);
    }

    /// <summary>As <see cref="AddTransfer"/>, with the segments in page <paramref name="place"/> of those for segments, which is granted by <paramref name="grantOfSegments"/>.</summary>
    public void AddIndirectTransfer(
        BlockRingOperation operation, ulong id, ushort handle, long sector, ReadOnlySpan<BlockRingSegment> segments, int place, uint grantOfSegments)
    {
        WriteSegments(segmentPages.Memory.Span.Slice(place * PageBytes, PageBytes), segments);
        var entry = Make(BlockRingOperation.Indirect, id, sector);
        entry[IndirectOperation] = (byte)operation;
        BinaryPrimitives.WriteUInt16LittleEndian(entry[IndirectCount..], (ushort)segments.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[IndirectHandle..], handle);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[IndirectGrant..], grantOfSegments);
    }

    /// <summary>Takes the next response; each of its fields is read once, because the other half may change it meanwhile.</summary>
    /// <exception cref="XenViolationException">There are more responses than requests.</exception>
    public bool TryTake(out BlockRingResponse response)
    {
        response = default;
        if (!_ring.TryTake(out var offset))
        {
            return false;
        }

        var entry = page.Memory.Span.Slice(offset, EntryLength);
        response = new BlockRingResponse(
            BinaryPrimitives.ReadUInt64LittleEndian(entry),
            (BlockRingOperation)entry[ResponseOperation],
            BinaryPrimitives.ReadInt16LittleEndian(entry[ResponseStatus..]));
        return true;
    }

    /// <summary>The next request's place in the ring, which has room: there are as many ids as places.</summary>
    private Span<byte> Make(BlockRingOperation operation, ulong id, long sector)
    {
        var entry = page.Memory.Span.Slice(_ring.Make(), EntryLength);
        // A response was in it.
        entry.Clear();
        entry[Operation] = (byte)operation;
        BinaryPrimitives.WriteUInt64LittleEndian(entry[Id..], id);
        BinaryPrimitives.WriteInt64LittleEndian(entry[Sector..], sector);
        return entry;
    }

    /// <summary>Each segment's grant, and which sectors of the page, the first and the last.</summary>
    private static void WriteSegments(Span<byte> to, ReadOnlySpan<BlockRingSegment> segments)
    {
        foreach (ref readonly var segment in segments)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(to, segment.Grant);
            to[4] = 0;
            to[5] = (byte)(segment.Sectors - 1);
            to = to[SegmentLength..];
        }
    }
}

/// <summary>Part of a request's data: sectors of a granted page, from its start.</summary>
internal readonly record struct BlockRingSegment(uint Grant, int Sectors);

/// <summary>What a request asks for: BLKIF_OP_*.</summary>
internal enum BlockRingOperation : byte
{
    Read = 0,
    Write = 1,
    Flush = 3,
    Discard = 5,
    Indirect = 6,
}

/// <summary>What the other half says of a request.</summary>
/// <param name="Id">The request's.</param>
/// <param name="Operation">The request's.</param>
/// <param name="Status">BLKIF_RSP_*.</param>
internal readonly record struct BlockRingResponse(ulong Id, BlockRingOperation Operation, short Status)
{
    public const short Okay = 0, Error = -1, NotSupported = -2;
}
